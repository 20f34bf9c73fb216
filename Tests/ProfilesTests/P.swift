import Testing

@Test("Placeholder") func placeholderProfiles() {}
