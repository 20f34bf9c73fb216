import Fixtures
import Foundation
import OData
import ProfileServer
import Profiles
import Testing

@Suite("Coverage page")
struct CoverageTests {
  private static let path = "docs/coverage.md"

  /// With `REGENERATE` in the environment, the page is written again, which is a failure in CI.
  @Test("docs/coverage.md matches the model and the table of resources")
  func pageIsTrue() throws {
    let made = CoveragePage.text(of: ProfileModel.model)
    let file = PackageFiles.root.appending(path: Self.path)
    let difference = try Golden.difference(of: made, from: file, filter: "Coverage")
    #expect(difference == nil)
  }

  @Test("The page names every collection and every permission in use")
  func pageIsComplete() {
    let page = CoveragePage.text(of: ProfileModel.model)
    for collection in ProfileModel.collections { #expect(page.contains("| `\(collection.name)` |")) }
    for permission in ["User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All"] {
      #expect(page.contains("`\(permission)`"))
    }
  }
}
