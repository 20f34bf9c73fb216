import NIOHTTP1
import OData
import Profiles
import Testing

@testable import ProfileServer

@Suite("The bound of a body")
struct BodyBoundTests {
  @Test("Only where the bytes of a photo are set may a body be longer")
  func addresses() {
    let photos = [
      "/v1.0/me/photo/$value", "/beta/users/a/photo/$value", "/v1.0/groups/a/photo/%24value",
      "/beta//me//PHOTO//$VALUE//",
      "/v1.0/me/photo/$value?x=/y", "/beta/me/%70hoto/%24%76%61%6C%75%65",
    ]
    for target in photos {
      for method: HTTPMethod in [.PUT, .PATCH] {
        #expect(BodyBound(method, target) == .photo, "\(method) \(target)")
        #expect(BodyBound(method, target).bytesMax == Limits.photoImageBytesMax)
      }
      for method: HTTPMethod in [.POST, .GET, .DELETE, .RAW(value: "put")] {
        #expect(BodyBound(method, target) == .ordinary, "\(method) \(target)")
      }
    }
    let others = [
      "", "/", "/v1.0/me/photo", "/v1.0/me/photo/value", "/v1.0/me/photos/48x48/$value", "/$value", "/photo", "$value",
      "/v1.0/me/photo/$value/x", "/v1.0/me?photo/$value", "/v1.0/me/photo%2F$value", "/v1.0/me/aphoto/$value",
      "/v1.0/me/photo/%2$value", "/beta/me/profile/phones/e", "/beta/me/profile/notes/0005",
    ]
    for target in others { #expect(BodyBound(.PUT, target) == .ordinary, "\(target)") }
    #expect(BodyBound(.PATCH, "/v1.0/$batch").bytesMax == Limits.bodyBytesMax)
  }

  @Test("A header section is refused at the bound of its address")
  func length() throws {
    func refusal(_ target: String, _ length: Int) -> GraphError? {
      let head = HTTPRequestHead(
        version: .http1_1, method: .PUT, uri: target, headers: ["Host": "a", "Content-Length": "\(length)"])
      do throws(GraphError) {
        _ = try RequestHeadValidation(head)
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal("/v1.0/me/photo/$value", Limits.photoImageBytesMax) == nil)
    #expect(refusal("/v1.0/me/photo/$value", Limits.photoImageBytesMax + 1) == .photoTooLarge)
    #expect(refusal("/v1.0/me/photo", Limits.bodyBytesMax) == nil)
    #expect(refusal("/v1.0/me/photo", Limits.bodyBytesMax + 1) == .bodyTooLarge)
    #expect(refusal("http://a/v1.0/me/photo/$value", Limits.photoImageBytesMax) == nil)
  }
}
