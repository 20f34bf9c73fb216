import Testing

@Test("Placeholder") func placeholderOData() {}
