import OData
public import Profiles

/// A fault that a check found. It names the place, and never a value.
public struct CheckFinding: Equatable, Sendable {
  /// The person whose data has the fault; nil when it is a fault of the database as such.
  public let user: UserID?
  /// The item's collection and id; nil when the fault is not in an item.
  public let collection: String?
  /// nil when the finding is about no item.
  public let item: ItemID?
  /// What is wrong, as a sentence.
  public let message: String
}

extension CheckFinding {
  /// A fault of the database as such.
  static func inDatabase(_ message: String) -> CheckFinding {
    CheckFinding(user: nil, collection: nil, item: nil, message: message)
  }

  /// A fault of a person, which lies in no item.
  static func ofPerson(_ user: UserID?, _ message: String) -> CheckFinding {
    CheckFinding(user: user, collection: nil, item: nil, message: message)
  }

  /// What is wrong with a group; nil when nothing is.
  static func ofGroup(_ group: StoredGroup) -> CheckFinding? { group.fault.map { .inDatabase("A group: \($0)") } }

  /// What is wrong with the photo of a group; nil when nothing is.
  static func ofPhoto(_ photo: StoredGroupPhoto, hasGroup: Bool) -> CheckFinding? {
    guard hasGroup else { return .inDatabase("The photo of a group belongs to no group.") }
    return photo.fault.map { .inDatabase("The photo of a group: \($0)") }
  }

  /// What is wrong with the links of groups, both ends of which must agree and lie in one tenant. Owners whom earlier
  /// builds deleted may still be named.
  static func ofLinks(_ groups: [GroupID: LinkedGroup]) -> [CheckFinding] {
    let isWhole = groups.allSatisfy { id, group in
      group.links.groups.allSatisfy {
        groups[$0]?.tenant == group.tenant && groups[$0]?.links.parents.contains(id) == true
      }
        && group.links.parents.allSatisfy { groups[$0]?.links.groups.contains(id) == true }
    }
    return isWhole
      ? [] : [.inDatabase("A group is a member of another one that does not list it, or is listed without being one.")]
  }

  /// What is wrong when the two tables of memberships differ, which is reported of the person.
  enum MembershipFault: String {
    case unlistedMember = "A group that the person is a member of does not list them."
    case listedStranger = "A group lists the person, who is not a member of it."
  }

  /// What is wrong when the groups themselves differ from those whose members are listed.
  static let otherGroups = "The groups are not those whose members are listed."
  /// What is wrong when the table of disabled accounts and a person differ.
  static let otherAccount =
    "Whether the account is disabled is recorded otherwise than the person says, so that their tokens end or go on against it. "
    + "Write 'accountEnabled' of the person to one value and then to the other."
  /// What is wrong when a person has no audit log.
  static let noAuditLog = "The person has no audit log in their tenant."
  /// What is wrong when the table of mail addresses and a person differ.
  static let otherMail = "The mail address that is noted of the person is another."
}

extension StoredItem {
  /// What is wrong with a stored item, as a sentence; nil when nothing is.
  func fault(hasOwner: Bool) -> String? {
    guard hasOwner else { return "The item belongs to nobody." }
    guard key.collection != PersonPhoto.collection else { return PersonPhoto.fault(self) }
    guard let collection = ProfileModel.collection(named: key.collection) else {
      return "The item lies in a collection that is not declared."
    }
    return fault(as: collection.target)
  }
}
