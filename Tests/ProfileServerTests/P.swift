import Testing

@Test("Placeholder") func placeholderProfileServer() {}
