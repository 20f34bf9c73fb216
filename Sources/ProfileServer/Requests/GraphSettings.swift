/// What Graph routes need to know of the server's settings.
struct GraphSettings: Sendable {
  let sourceShape: SourceShape
  /// Whether snake_case names of properties are accepted (`--lenient-names`).
  let lenientNames: Bool
  /// Seals links to further pages.
  let pageTokenCipher: PageTokenCipher
  /// Most requests of one batch.
  let batchRequestsMax: Int
}
