import OData
import Testing

@testable import Profiles

@Suite("Paths of the declared model")
struct PathTests {
  private func outline(_ text: String) throws -> String {
    let path = try ResourcePath(Array(text.utf8), model: ProfileModel.model)
    let steps = path.steps.map { step in
      switch step {
      case .navigation(let property): property.name
      case .key(let key): "(\(key.value))"
      case .system(let name): name
      case .property(let property): "." + property.name
      case .cast(let type): "<\(type.name)>"
      case .action(let action): "!\(action.name)"
      }
    }
    return ([path.root.name + (path.key.map { "(\($0.value))" } ?? "")] + steps).joined(separator: " ")
  }

  @Test("Both URLs of the published page, and the forms that official clients send, are the same resource")
  func publishedForms() throws {
    let id = "e13f7a4d-303c-464f-a6af-80ea18eb74f3"
    #expect(try outline("/beta/me/profile/phones/\(id)") == "me profile phones (\(id))")
    let forms = [
      "/beta/user/u/profile/phones/\(id)", "/beta/users/u/profile/phones/\(id)",
      "/beta//users/u/profile/phones/\(id)", "/beta/users('u')/profile/phones('\(id)')",
      "/Beta/Users/u/PROFILE/Phones/\(id)",
    ]
    for form in forms { #expect(try outline(form) == "users(u) profile phones (\(id))", "\(form)") }
    #expect(try outline("/beta/users/innocenty%40contoso.example") == "users(innocenty@contoso.example)")
    #expect(try outline("/beta/me/profile/phones/\(id)/source/type") == "me profile phones (\(id)) .source .type")
  }

  @Test("Responsibilities lie in the profile and are also reached without naming it")
  func omittedOwner() throws {
    let whole = "users(u) profile responsibilities (r)"
    #expect(try outline("/beta/users/u/profile/responsibilities/r") == whole)
    #expect(try outline("/beta/users/u/responsibilities/r") == whole)
    #expect(try outline("/beta/users('u')/Responsibilities('r')/displayName") == whole + " .displayName")
    #expect(try outline("/beta/me/responsibilities") == "me profile responsibilities")
    #expect(throws: PathError.unknownSegment("phones")) { try outline("/beta/me/phones") }
  }

  @Test("Older names of collections are the same resource")
  func olderNames() throws {
    #expect(try outline("/beta/me/profile/accounts/a") == "me profile account (a)")
  }

  @Test("Collections that are not declared are unknown segments")
  func undeclared() {
    #expect(throws: PathError.unknownSegment("nosuch")) { try outline("/beta/me/profile/nosuch") }
  }
}
