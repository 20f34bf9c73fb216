import Testing

@Test("Placeholder") func placeholderFacet() {}
