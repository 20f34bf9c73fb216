/// The label of a request in metrics and logs. It contains no personal data.
struct RouteLabel: Sendable {
  /// The label, such as `/users/{id}`.
  let text: String
  /// The index among all labels, from 0 without gaps.
  let index: Int

  /// A label with its index.
  init(_ text: String, index: Int) {
    self.text = text
    self.index = index
  }

  /// The service document and `$metadata`.
  static let metadata = RouteLabel("/$metadata", index: 0)
  /// `$batch`.
  static let batch = RouteLabel("/$batch", index: 1)
  /// A path of no resource, or of one that is not offered.
  static let unknown = RouteLabel("other", index: 2)
  /// A request that could not be parsed.
  static let unreadable = RouteLabel("unreadable", index: 3)

  /// The labels that belong to no resource of the table.
  static let fixed = [metadata, batch, unknown, unreadable]
}
