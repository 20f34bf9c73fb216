import NIOHTTP1
import OData

/// An entity reference (OData JSON 4.01 section 14).
struct EntityReference {
  /// The value of `@odata.id`, as it was sent.
  let address: String

  /// Reads a body. Throws `GraphError.malformedReference` when it is not an object with exactly one address, and the
  /// error of the JSON when it is malformed.
  init(_ bytes: UnsafeBufferPointer<UInt8>) throws(GraphError) {
    var address: String?
    do {
      var reader = JSONReader(bytes, dialect: .graph)
      var known = MemberNames()
      try reader.skipByteOrderMark()
      guard try reader.peek() == .object else { throw GraphError.malformedReference }
      try reader.beginObject()
      while let name = try reader.nextName(notAmong: &known) {
        guard name.string == "@odata.id" || name.string == "@id" else {
          try reader.skipValue()
          continue
        }
        // Of two addresses, a proxy could have checked the other one.
        guard address == nil, try reader.peek() == .string else { throw GraphError.malformedReference }
        address = try reader.readString().string
      }
      try reader.finish()
    } catch let error as JSONError {
      throw GraphError(BodyError.malformed(error))
    } catch {
      throw .malformedReference
    }
    guard let address else { throw .malformedReference }
    self.address = address
  }
}

extension GraphError {
  /// A reference that names neither a person nor a group, or a group where only people can be named.
  static let malformedReference = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message:
      "A reference must name a person, as /users/{id or principal name} or /directoryObjects/{id}, or a member that "
      + "is a group, as /groups/{id}, in the '@odata.id' of an object or in an array 'members@odata.bind' or "
      + "'owners@odata.bind', or in 'manager@odata.bind'.")

  /// The deletion of a reference without `$id` (OData 4.01 part 1, 11.4.6.2).
  static let referenceNotNamed = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message:
      "Name the reference to take away: DELETE .../members/{id}/$ref, or .../members/$ref?$id={address}, and the "
      + "same with owners.")

  /// More members than one request may add (Graph page on adding members).
  static let membersTooMany = GraphError(
    status: .badRequest, code: .requestBadRequest,
    message:
      "One request adds at most \(Limits.membersAddedMax) members and as many owners. Send the others with further "
      + "requests.")
}
