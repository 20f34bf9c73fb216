/// What stands for the path of a request in metrics and logs: never an id, never a name.
struct RouteLabel: Sendable {
  let text: String
  /// The place among all labels, from 0 without gaps.
  let index: Int

  /// The label at `index`.
  init(_ text: String, index: Int) {
    self.text = text
    self.index = index
  }

  /// The service document and `$metadata`.
  static let metadata = RouteLabel("/$metadata", index: 0)
  static let batch = RouteLabel("/$batch", index: 1)
  /// A path that names nothing, or something that is not offered.
  static let unknown = RouteLabel("other", index: 2)
  /// A request that could not be read.
  static let unreadable = RouteLabel("unreadable", index: 3)

  /// Labels of what is no resource of the table.
  static let fixed = [metadata, batch, unknown, unreadable]
}
