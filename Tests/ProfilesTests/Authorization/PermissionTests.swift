import OData
import Testing

@testable import Profiles

/// The permission table of DESIGN section 6, row by row.
@Suite("Permissions")
struct PermissionTests {
  /// What each permission allows on the caller's own, on others', and to an application: `r` reads the profile, `w`
  /// writes it, `c` reads its audit log, `u` reads the person, `p` writes of them what people write of themselves, `a` writes
  /// the rest, `l` lists people, `m` creates and deletes them, `b` reads memberships, `g` reads groups, `k` manages them,
  /// `N` lists who stands near, `S` reads the settings of people, `T` writes them.
  private static let table: [(Permission, own: String, others: String, application: String)] = [
    (.userRead, "rcub", "", ""),
    (.userReadWrite, "rwcupab", "", ""),
    (.userReadBasicAll, "ul", "ul", "ul"),
    (.userReadAll, "rcul", "rul", "rcul"),
    (.userReadWriteAll, "rwcupalm", "rwupalm", "rwcupalm"),
    (.groupReadAll, "bg", "bg", "bg"),
    (.groupReadWriteAll, "bgk", "bgk", "bgk"),
    (.peopleRead, "N", "", ""),
    (.peopleReadAll, "N", "N", "N"),
    (.peopleSettingsReadAll, "S", "S", "S"),
    (.peopleSettingsReadWriteAll, "ST", "ST", "ST"),
  ]

  private static let accesses: [(RequiredPermissions, Character)] = [
    (.readProfile, "r"), (.writeProfile, "w"), (.readUser, "u"), (.writeUser, "p"), (.listUsers, "l"),
    (.manageUsers, "m"), (.readAuditLog, "c"), (.readMemberships, "b"), (.readGroups, "g"), (.manageGroups, "k"),
    (.administerUser, "a"), (.readPeople, "N"), (.readPeopleSettings, "S"), (.managePeopleSettings, "T"),
  ]

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
      guard !isPersonal || (isOwner && !"mkST".contains(letter)) else { return .insufficient }
      guard reaches else {
        return letter == "c" && !isOwner && !isApplication ? .ownerOnly : .insufficient
      }
      let needsRole = ("wp".contains(letter) && !isOwner || "amkST".contains(letter)) && !isApplication
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

  /// No permission, each one, each two, and all: a permission is enough whatever others there are.
  private static let sets: [Set<Permission>] = {
    let all = Permission.allCases
    let pairs = all.indices.flatMap { first in all[..<first].map { [all[first], $0] as Set } }
    return [[]] + all.map { [$0] } + pairs + [Set(all)]
  }()

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

  @Test("Permissions allow exactly what the table says, alone and together")
  func everySet() {
    let cases = Self.cases()
    #expect(cases.count == Self.sets.count * Self.accesses.count * 24)
    #expect(Set(Self.table.map(\.0)) == Set(Permission.allCases))
    #expect(Set(Self.accesses.map(\.0)) == Set(RequiredPermissions.allCases))
    for item in cases {
      let policy = TenantPolicy(writersOfOthers: item.isOpenPolicy ? .anyone : .administrators)
      var outcome = Outcome.allowed
      do throws(ProfileError) {
        try item.access.authorize(item.caller, isOwner: item.isOwner, policy: policy)
      } catch {
        let isDirectory = !"rwcNST".contains(item.letter)
        outcome = error == .deniedForRole(isDirectory: isDirectory) ? .deniedForRole : .insufficient
        if error == .ownerOnly { outcome = .ownerOnly }
        if outcome == .insufficient {
          let isConfined = item.isPersonal && (!item.isOwner || "mkST".contains(item.letter))
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
    for name in ["", "User.Read ", "User.ReadWrite.Al", "AgentIdUser.ReadWrite.All", "User", "Directory.Read.All"] {
      #expect(Permission(named: name) == nil, "\(name)")
    }
  }
}
