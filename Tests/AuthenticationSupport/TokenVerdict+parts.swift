import Profiles

@testable import Authentication

extension TokenVerdict {
  var caller: Caller? {
    if case .caller(let caller, _) = self { caller } else { nil }
  }

  var refusal: TokenRefusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }

  var needsKeys: Bool {
    if case .keysNeeded = self { true } else { false }
  }
}

extension TokenVerifier {
  func verify(token: String) -> TokenVerdict { verify(authorization: "Bearer " + token) }
}
