import NIOHTTP1
import OData
import Profiles

/// Routes of people and groups alike, by their ids.
final class DirectoryObjectRoutes: RouteGroup {
  /// Gets a person or a group. Throws the error of an invalid request.
  func read(_ exchange: Exchange, _ id: UserID, _ caller: Caller) throws(GraphError) {
    try requests.checkNoneComputed(exchange, ProfileModel.user)
    session.directoryObjects.read(id, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  /// Gets a person behind a cast to users. Throws the error of an invalid request.
  func readUser(_ exchange: Exchange, _ id: UserID, _ caller: Caller) throws(GraphError) {
    try requests.checkNoneComputed(exchange, ProfileModel.user)
    session.users.read(.id(id), by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  /// Gets a group behind a cast to groups. Throws `GraphError.malformedID` for an id that no group can have.
  func readGroup(_ exchange: Exchange, _ id: UserID, _ caller: Caller) throws(GraphError) {
    guard let group = GroupID(id.text) else { throw .malformedID }
    session.groups.read(group, by: caller) { [responses] in responses.finish(exchange, read: $0) }
  }

  /// Gets people and groups by their ids (Graph page on getByIds). What does not exist for the caller is left out. Throws
  /// the error of an invalid body.
  func getByIDs(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    try requests.checkNoneComputed(exchange, ProfileModel.user)
    let parameters = try requests.parameters(exchange, ofAction: "getByIds")
    let ids = try parameters.ids("ids", countMax: Limits.idsAskedMax).compactMap(UserID.init)
    let kinds = Self.kinds(try parameters.texts("types") ?? [])
    session.directoryObjects.read(ids, of: kinds, by: caller) { [responses] in responses.finish(exchange, found: $0) }
  }

  /// The kinds of these types; all without types. Types that this server does not have are ignored, as on Graph.
  private static func kinds(_ types: [String]) -> [DirectoryObjectOperations.Kind] {
    guard !types.isEmpty else { return [.people, .groups] }
    func names(_ type: StructuredType) -> Bool {
      types.contains { name in
        [type.name, type.qualifiedName, "#\(type.qualifiedName)"].contains { $0.isSameName(as: name) }
      }
    }
    if names(ProfileModel.directoryObject) { return [.people, .groups] }
    return (names(ProfileModel.user) ? [.people] : []) + (names(ProfileModel.group) ? [.groups] : [])
  }

  /// Checks names before a group is created (Graph page on validateProperties). No policy on names is decided here, so that
  /// only what a creation would refuse is refused. Throws the error of an invalid body.
  func validate(_ exchange: Exchange, _ caller: Caller) throws(GraphError) {
    let parameters = try requests.parameters(exchange, ofAction: "validateProperties")
    guard try parameters.text("entityType").map({ $0.isSameName(as: ProfileModel.group.name) }) ?? true else {
      throw .entityTypeNotValidated
    }
    let names = [
      ("displayName", try parameters.text("displayName")), ("mailNickname", try parameters.text("mailNickname")),
    ]
    guard names.contains(where: { $0.1 != nil }) else { throw .nothingToValidate }
    let fault = names.first { $0.1.map(Self.isRefused) ?? false }?.0
    session.directoryObjects.authorizeValidation(by: caller) { [responses] authorized in
      responses.onSuccess(of: authorized, exchange) {
        if let fault {
          responses.finish(exchange, GraphError(invalidName: fault))
        } else {
          responses.finish(exchange, .noContent())
        }
      }
    }
  }

  private static func isRefused(_ name: String) -> Bool {
    name.isEmpty || name.utf8.count > Limits.groupNameBytesMax
  }
}

extension GraphError {
  /// `entityType` of another kind than a group.
  static let entityTypeNotValidated = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "'entityType' can be 'Group' alone: names of other objects are not checked.", target: "entityType")

  /// No name to check.
  static let nothingToValidate = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message: "Send 'displayName' or 'mailNickname', or both.")

  /// A name that no group can have.
  init(invalidName property: String) {
    self.init(
      status: .unprocessableEntity, code: .invalidLengthValue,
      message: "'\(property)' must have 1 to \(Limits.groupNameBytesMax) bytes.", target: property)
  }
}
