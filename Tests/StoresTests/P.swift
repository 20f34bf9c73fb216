import Testing

@Test("Placeholder") func placeholderStores() {}
