import OData
import Testing

@testable import Profiles

/// The permission table of DESIGN section 6, row by row.
@Suite("Permissions")
struct PermissionTests {
  /// What each permission allows on the caller's own, on others', and to an application: `r` reads the profile, `w`
  /// writes it, `c` reads its audit log, `u` reads the person, `p` writes of them what people write of themselves, `a` writes
  /// the rest, `l` lists people, `m` creates them, `d` deletes them, `b` reads memberships, `g` reads groups, `k` manages
  /// them, `n` writes who is a member, `x` deletes them, `o` reads people or groups by their ids,
  /// `i` reads the organisation, `e` its domains, `q` reads the photo of a person, `Q` writes it,
  /// `h` and `H` those of a group, `N` lists who stands near, `S` reads the settings of people, `T` writes them.
  private static let table: [(Permission, own: String, others: String, application: String)] = [
    (.userRead, "rcuboieq", "ie", ""),
    (.userReadWrite, "rwcupaboieqQ", "ie", ""),
    (.userReadBasicAll, "ulo", "ulo", "ulo"),
    (.profilePhotoReadAll, "qh", "qh", "qh"),
    (.userReadAll, "rculoq", "ruloq", "rculoq"),
    (.groupMemberReadAll, "bgo", "bgo", "bgo"),
    (.groupReadAll, "bgoh", "bgoh", "bgoh"),
    (.organizationReadAll, "i", "i", "i"),
    (.domainReadAll, "e", "e", "e"),
    (.directoryReadAll, "ulbgoie", "ulbgoie", "ulbgoie"),
    (.profilePhotoReadWriteAll, "qQhH", "qQhH", "qQhH"),
    (.userReadWriteAll, "rwcupalmdoqQ", "rwupalmdoqQ", "rwcupalmdoqQ"),
    (.groupMemberReadWriteAll, "bgno", "bgno", "bgno"),
    (.groupReadWriteAll, "bgknxohH", "bgknxohH", "bgknxohH"),
    (.directoryReadWriteAll, "upalmbgknoie", "upalmbgknoie", "upalmbgknoie"),
    (.peopleRead, "N", "", ""),
    (.peopleReadAll, "N", "N", "N"),
    (.peopleSettingsReadAll, "S", "S", "S"),
    (.peopleSettingsReadWriteAll, "ST", "ST", "ST"),
  ]

  private static let accesses: [(RequiredPermissions, Character)] = [
    (.readProfile, "r"), (.writeProfile, "w"), (.readUser, "u"), (.writeUser, "p"), (.listUsers, "l"),
    (.manageUsers, "m"), (.readAuditLog, "c"), (.readMemberships, "b"), (.readGroups, "g"), (.manageGroups, "k"),
    (.administerUser, "a"), (.deleteUsers, "d"), (.manageMembers, "n"), (.deleteGroups, "x"), (.readObjects, "o"),
    (.readOrganization, "i"), (.readDomains, "e"),
    (.readPhoto, "q"), (.writePhoto, "Q"), (.readGroupPhoto, "h"), (.manageGroupPhoto, "H"),
    (.readPeople, "N"), (.readPeopleSettings, "S"), (.managePeopleSettings, "T"),
  ]

  /// Accesses that concern others even where they name the caller, and those that take an administrator.
  private static let (ofOthers, ofAdministrators) = ("mkdnxHST", "amkdnxHST")

  private enum Outcome: Equatable {
    case allowed
    case insufficient
    case deniedForRole
    case ownerOnly
  }

  private struct Case: CustomStringConvertible {
    let permissions: Set<Permission>
    let isApplication: Bool
    let isOwner: Bool
    let access: RequiredPermissions
    let letter: Character
    let isOpenPolicy: Bool
    let isAdministrator: Bool
    let isPersonal: Bool

    var description: String {
      "\(permissions.map(\.rawValue)) app \(isApplication) own \(isOwner) \(letter) open \(isOpenPolicy) "
        + "admin \(isAdministrator) personal \(isPersonal)"
    }

    var expected: Outcome {
      let reaches = PermissionTests.table.contains { row in
        let letters = isApplication ? row.application : isOwner ? row.own : row.others
        return permissions.contains(row.0) && letters.contains(letter)
      }
      guard !isPersonal || (isOwner && !PermissionTests.ofOthers.contains(letter)) else { return .insufficient }
      guard reaches else {
        return letter == "c" && !isOwner && !isApplication ? .ownerOnly : .insufficient
      }
      let needsRole =
        ("wpQ".contains(letter) && !isOwner || PermissionTests.ofAdministrators.contains(letter)) && !isApplication
      // A policy opens profiles alone.
      let isOpen = isOpenPolicy && letter == "w"
      return needsRole && !isOpen && !isAdministrator ? .deniedForRole : .allowed
    }

    var caller: Caller {
      let tenant = isPersonal ? TenantID.personalAccounts : People.contoso
      return Caller(
        actor: isApplication ? .application : .user(People.innocenty), tenant: tenant, permissions: permissions,
        isAdministrator: isAdministrator)
    }
  }

  /// No permission, each one, each two, and all: one is enough for what it allows, and no two allow more than both.
  private static var sets: [Set<Permission>] {
    let all = Permission.allCases
    let few = all.flatMap { one in all.map { Set([one, $0]) } }
    return Array(Set([[], Set(all)] + few))
  }

  private static func cases() -> [Case] {
    var cases: [Case] = []
    for permissions in sets {
      for (access, letter) in accesses {
        for flags in 0..<32 {
          let isApplication = flags & 1 != 0
          let isOwner = flags & 2 != 0
          guard !(isApplication && isOwner) else { continue }
          cases.append(
            Case(
              permissions: permissions, isApplication: isApplication, isOwner: isOwner, access: access, letter: letter,
              isOpenPolicy: flags & 4 != 0, isAdministrator: flags & 8 != 0, isPersonal: flags & 16 != 0))
        }
      }
    }
    return cases
  }

  @Test("Every permission and every two allow exactly what the table says")
  func everySet() {
    let cases = Self.cases()
    let count = Permission.allCases.count
    #expect(Self.sets.count == 2 + count * (count + 1) / 2)
    #expect(cases.count == Self.sets.count * RequiredPermissions.allCases.count * 24)
    #expect(Set(Self.table.map(\.0)) == Set(Permission.allCases))
    #expect(Set(Self.accesses.map(\.0)) == Set(RequiredPermissions.allCases))
    for item in cases {
      let writers = item.isOpenPolicy ? TenantPolicy.WritePolicy.anyone : .administrators
      var outcome = Outcome.allowed
      do throws(ProfileError) {
        try item.access.authorize(item.caller, isOwner: item.isOwner, writersOfOthers: writers)
      } catch {
        let isDirectory = !"rwcqQNST".contains(item.letter)
        outcome = error == .deniedForRole(isDirectory: isDirectory) ? .deniedForRole : .insufficient
        if error == .ownerOnly { outcome = .ownerOnly }
        if outcome == .insufficient {
          let isConfined = item.isPersonal && (!item.isOwner || Self.ofOthers.contains(item.letter))
          let sufficient = isConfined ? [] : item.access.sufficient(for: item.caller, isOwner: item.isOwner)
          #expect(error == .insufficientPermissions(sufficient, isDirectory: isDirectory))
        }
      }
      #expect(outcome == item.expected, "\(item)")
    }
  }

  @Test("A refusal names exactly the permissions that would have been enough, least first")
  func namedPermissions() {
    for (access, letter) in Self.accesses {
      let own = access.sufficient(for: People.person(People.innocenty), isOwner: true)
      let others = access.sufficient(for: People.person(People.innocenty), isOwner: false)
      let application = access.sufficient(for: People.application(), isOwner: false)
      #expect(own == Self.table.filter { $0.own.contains(letter) }.map(\.0))
      #expect(others == Self.table.filter { $0.others.contains(letter) }.map(\.0))
      #expect(application == Self.table.filter { $0.application.contains(letter) }.map(\.0))
    }
  }

  @Test("Permissions are read in any case, and nothing else is one")
  func names() {
    for permission in Permission.allCases {
      #expect(Permission(named: permission.rawValue) == permission)
      #expect(Permission(named: permission.rawValue.uppercased()) == permission)
      #expect(Permission(named: permission.rawValue.lowercased()) == permission)
    }
    for name in [
      "", "User.Read ", "User.ReadWrite.Al", "AgentIdUser.ReadWrite.All", "User", "Directory.AccessAsUser.All",
    ] {
      #expect(Permission(named: name) == nil, "\(name)")
    }
  }
}
