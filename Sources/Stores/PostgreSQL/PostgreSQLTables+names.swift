import OData
import Profiles

/// Unique names: principal names and mail addresses.
extension PostgreSQLTables {
  func isPrincipalNameTaken(of user: StoredUser) throws(PostgreSQLFailure) -> Bool {
    guard let key = user.principalNameKey else { return false }
    let holder = try read(Self.selectHolder, .text(user.tenant.text), .bytes(of: key)).first?.text(0)
    return holder.map { !$0.hasSameBytes(as: user.id.text) } ?? false
  }

  func isMailTaken(_ folded: String, of user: StoredUser) throws(PostgreSQLFailure) -> Bool {
    let holder = try read(
      PostgreSQLMailTable.selectHolder, .text(user.tenant.text), .bytes(of: folded), .text(user.id.text))
    return !holder.rows.isEmpty
  }

  func noteMail(_ folded: String?, of user: StoredUser, replacing old: String?) {
    forgetMail(old, of: user)
    guard let folded else { return }
    write(PostgreSQLMailTable.insert, .text(user.tenant.text), .bytes(of: folded), .text(user.id.text))
  }

  /// Deletes the mail address of a person, in the form by which addresses are compared.
  func forgetMail(_ folded: String?, of user: StoredUser) {
    guard let folded else { return }
    write(PostgreSQLMailTable.forget, .text(user.tenant.text), .bytes(of: folded), .text(user.id.text))
  }

  /// Reserves the principal name of a person, by which they are found.
  func reserveName(of user: StoredUser) {
    guard let key = user.principalNameKey else { return }
    write(Self.insertName, .text(user.tenant.text), .bytes(of: key), .text(user.id.text))
  }

  /// Releases the principal name of a person; another person who has the same name is found by it from then on.
  func releaseName(of user: StoredUser) {
    guard let key = user.principalNameKey else { return }
    write(Self.forgetName, .text(user.tenant.text), .bytes(of: key), .text(user.id.text))
    write(Self.passName, .text(user.tenant.text), .bytes(of: key))
  }
}
