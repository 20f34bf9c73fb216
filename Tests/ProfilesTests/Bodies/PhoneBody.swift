import Foundation
import OData
import Testing

@testable import Profiles

/// A body for an itemPhone, with what tests check of it.
enum PhoneBody {
  static let type = ProfileModel.collection(named: "phones")?.target ?? ProfileModel.itemFacet

  /// Text that must not appear in any message, standing where a value stands.
  static let canary = "CANARY-7f3a"

  static func read(
    _ body: String, _ purpose: EntityReader.Purpose = .update, lenientNames: Bool = false
  ) throws(BodyError) -> StructuredPatch {
    try EntityReader(purpose, lenientNames: lenientNames).read(Array(body.utf8), as: type)
  }

  static func fault(
    _ body: String, _ purpose: EntityReader.Purpose = .update, lenientNames: Bool = false
  ) -> BodyError? {
    do throws(BodyError) {
      _ = try read(body, purpose, lenientNames: lenientNames)
      return nil
    } catch {
      return error
    }
  }

  /// The change that a body asks of one property.
  static func change(
    _ name: String, _ body: String, _ purpose: EntityReader.Purpose = .update
  ) throws -> StructuredPatch.Change {
    try read(body, purpose).members[index(name)]
  }

  static func index(_ name: String) throws -> Int { try #require(type.property(named: name)).index }

  /// The value that bodies leave behind one after another, as JSON.
  static func text(after bodies: [String], purpose: EntityReader.Purpose = .update) throws -> String {
    var value = StructuredValue(of: type)
    for body in bodies { _ = try read(body, purpose).apply(to: &value, of: type) }
    return text(value)
  }

  static func text(_ value: StructuredValue) -> String {
    var writer = EntityWriter()
    writer.object(value, of: type)
    return String(decoding: writer.json.bytes, as: UTF8.self)
  }
}
