import OData
import Profiles

/// A name that only one person of a tenant may have, and that somebody else has.
enum TakenName {
  case principalName, mail
}

extension WriteTables {
  /// Writes a person, unless a name that is new for them is somebody else's. Names that stay as they are are not looked at:
  /// two who shared an address before addresses were unique can still be updated.
  func put(_ user: StoredUser, replacing old: StoredUser?) throws(Failure) -> TakenName? {
    if !isSame(user.principalName, old?.principalName), try isPrincipalNameTaken(of: user) { return .principalName }
    let mail = user.foldedMail
    let keepsMail = isSame(mail, old?.foldedMail)
    if let mail, !keepsMail, try isMailTaken(mail, of: user) { return .mail }
    if old == nil { try insert(user) } else { try update(user) }
    if !keepsMail { try noteMail(mail, of: user) }
    return nil
  }

  /// Bytes are compared: Swift's own comparison takes two texts for one that stores keep apart.
  private func isSame(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.hasSameBytes(as: right)
  }
}
