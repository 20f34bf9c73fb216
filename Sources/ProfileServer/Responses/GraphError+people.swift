import NIOHTTP1
import OData
import Profiles

/// What is refused of people as such.
extension GraphError {
  /// A property that somebody else of the tenant has with the same value.
  init(taken property: String) {
    self.init(
      status: .badRequest, code: .requestBadRequest,
      message: "Another object with the same value for property \(property) already exists. Choose another.",
      target: property)
  }

  /// A property that people do not set, of themselves or others.
  init(ofAdministrators property: String) {
    let own = ProfileModel.user.properties.filter { $0.traits.contains(.selfService) }.map(\.name)
    self.init(
      status: .forbidden, code: .directoryDenied,
      message: "Insufficient privileges to complete the operation. '\(property)' is set by an administrator, or by an "
        + "application with User.ReadWrite.All; of yourself you can set \(own.joined(separator: ", ")).",
      target: property)
  }
}

/// What is refused of creations that are sent again.
extension GraphError {
  static let idempotencyKeyOfNoCreation = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "Idempotency-Key is for what creates: POST to a collection, /users, /groups or members/$ref, alone or as a "
      + "request of a batch. Leave it out here; an update or a deletion can be sent again as it is, with If-Match.")
}
