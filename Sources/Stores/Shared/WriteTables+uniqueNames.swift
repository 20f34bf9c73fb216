import OData
import Profiles

/// The unique name of a person that another person of the tenant has.
enum UniqueNameConflict {
  case principalName, mail
}

extension WriteTables {
  /// Writes a person, or returns which of their new names another person has. Names that stay as they are are not
  /// checked: two people who have shared an address since before addresses were unique can still be updated.
  func put(_ user: StoredUser, replacing old: StoredUser?) throws(Failure) -> UniqueNameConflict? {
    if old.map({ !$0.hasSameName(as: user) }) ?? true, try isPrincipalNameTaken(of: user) { return .principalName }
    let mail = user.foldedMail
    let oldMail = old?.foldedMail
    let keepsMail = isSame(mail, oldMail)
    if let mail, !keepsMail, try isMailTaken(mail, of: user) { return .mail }
    if let old { try update(user, replacing: old) } else { try insert(user) }
    if !keepsMail { try noteMail(mail, of: user, replacing: oldMail) }
    if user.isDisabled != old?.isDisabled ?? false { try note(user, isDisabled: user.isDisabled) }
    return nil
  }

  /// Compares bytes: Swift takes texts for equal that stores keep apart.
  private func isSame(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.hasSameBytes(as: right)
  }
}

extension StoredUser {
  /// Whether both are found by the same principal name, or neither by any.
  func hasSameName(as other: StoredUser) -> Bool {
    guard let key = principalNameKey, let otherKey = other.principalNameKey else {
      return principalName == nil && other.principalName == nil
    }
    return tenant == other.tenant && key.hasSameBytes(as: otherKey)
  }
}
