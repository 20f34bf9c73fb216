import Testing

@testable import Profiles

/// The answer of a call that the memory store answers at once, and once.
func answer<Answer>(
  _ call: (@escaping (Result<Answer, ProfileError>) -> Void) -> Void
) throws -> Result<Answer, ProfileError> {
  var answers: [Result<Answer, ProfileError>] = []
  call { answers.append($0) }
  #expect(answers.count == 1)
  return try #require(answers.first)
}
