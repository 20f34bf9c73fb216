/// The permissions that tokens carry: delegated ones in the claim `scp`, those of applications in `roles`. The names are
/// Graph's (its page "Microsoft Graph permissions reference").
public enum Permission: String, CaseIterable, Sendable {
  case userRead = "User.Read"
  case userReadWrite = "User.ReadWrite"
  case userReadBasicAll = "User.ReadBasic.All"
  case userReadAll = "User.Read.All"
  case userReadWriteAll = "User.ReadWrite.All"
  case groupReadAll = "Group.Read.All"
  case groupReadWriteAll = "Group.ReadWrite.All"

  /// The permission with this name in any case, as tokens spell it; nil when there is none.
  public init?(named name: some StringProtocol) {
    guard let permission = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
      return nil
    }
    self = permission
  }
}
