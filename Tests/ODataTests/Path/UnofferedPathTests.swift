import OData
import Testing

@Suite("Paths of what is not offered")
struct UnofferedPathTests {
  private static let model: EntityModel? = try? EntityModel(
    namespace: "n", enums: [],
    types: [
      .entity(
        "user", base: nil, unoffered: ["events", "reminderView"], "", [.string("id", "").nonNullable.traits(.key)])
    ],
    roots: [.entitySet("users", of: "user", unoffered: ["delta"]), .singleton("me", of: "user")],
    unofferedRoots: ["directory", "subscriptions"])

  private func error(_ path: String) throws -> PathError? {
    let model = try #require(Self.model)
    do throws(PathError) {
      _ = try ResourcePath(Array(path.utf8), model: model)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "A name of the published service is refused by that name",
    arguments: [
      ("/v1.0/subscriptions", "subscriptions"), ("/beta/SUBSCRIPTIONS/x-1", "subscriptions"),
      ("/v1.0/directory/deletedItems/1", "directory/deletedItems"), ("/v1.0/me/events", "events"),
      ("/v1.0/users/u/Events/1", "events"), ("/v1.0/users/u/n.events", "events"),
      ("/v1.0/users/u/reminderView(Start='1',End='2')", "reminderView"), ("/v1.0/me/reminderView()", "reminderView"),
      ("/v1.0/users/delta", "users/delta"), ("/v1.0/users/delta()", "users/delta"),
      ("/v1.0/users/n.delta()?x", "users/delta"), ("/v1.0/users//DELTA/x.y", "users/delta"),
      ("/v1.0/users/x-1.N.Delta", "users/delta"),
    ])
  func named(path: String, name: String) throws {
    #expect(try error(path.split(separator: "?").first.map(String.init) ?? path) == .unoffered(name))
  }

  @Test("Any other name is unknown, and a key may be like a name")
  func others() throws {
    #expect(try error("/v1.0/nosuch") == .unknownSegment("nosuch"))
    #expect(try error("/v1.0/me/nosuch") == .unknownSegment("nosuch"))
    #expect(try error("/v1.0/users('delta')") == nil)
    #expect(try error("/v1.0/users/deltas") == nil)
    #expect(try error("/v1.0/users/delta@n.example") == nil)
    #expect(try error("/v1.0/users/x-1/n.delta") == .unknownSegment("n.delta"))
    #expect(try error("/v1.0/users") == nil)
    #expect(try error("/v1.0/me/delta") == .unknownSegment("delta"))
    #expect(try error("/v1.0/me/nosuch()") == .malformedKey(segment: "nosuch"))
  }
}
