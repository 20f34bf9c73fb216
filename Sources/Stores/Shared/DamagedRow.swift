/// What operators read when the columns of a row do not make what they should. No sentence holds a value.
enum DamagedRow {
  static let item = "The row of a stored item is damaged."
  static let user = "The row of a person is damaged."
  static let group = "The row of a group is damaged."
  static let membership = "The row of a membership is damaged."
  static let tenant = "The row of a tenant is damaged."
  static let change = "A row of the audit log is damaged."
}
