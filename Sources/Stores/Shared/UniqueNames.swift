import OData
import Profiles

/// A name that only one person of a tenant may have, and that somebody else has.
enum UniqueNameConflict {
  case principalName, mail
}

extension WriteTables {
  /// Writes a person, unless a name that is new for them is somebody else's. Names that stay as they are are not looked at:
  /// two who shared an address before addresses were unique can still be updated.
  func put(_ user: StoredUser, replacing old: StoredUser?) throws(Failure) -> UniqueNameConflict? {
    if old.map({ !$0.hasSameName(as: user) }) ?? true, try isPrincipalNameTaken(of: user) { return .principalName }
    let mail = user.foldedMail
    let keepsMail = isSame(mail, old?.foldedMail)
    if let mail, !keepsMail, try isMailTaken(mail, of: user) { return .mail }
    if let old { try update(user, replacing: old) } else { try insert(user) }
    if !keepsMail { try noteMail(mail, of: user) }
    return nil
  }

  /// Bytes are compared: Swift's own comparison takes two texts for one that stores keep apart.
  private func isSame(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.hasSameBytes(as: right)
  }
}

extension StoredUser {
  /// Whether both are found by the same principal name, or by none.
  func hasSameName(as other: StoredUser) -> Bool {
    guard let key = principalNameKey, let otherKey = other.principalNameKey else {
      return principalName == nil && other.principalName == nil
    }
    return tenant == other.tenant && key.hasSameBytes(as: otherKey)
  }
}
