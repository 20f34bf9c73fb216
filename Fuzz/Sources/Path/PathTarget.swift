import OData
import Profiles

/// Fuzzes resource paths: a path that is read and written again names the same resource, and nothing decoded holds a
/// control character.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = UnsafeBufferPointer(start: data, count: count)
  requireEncoding(bytes)
  let path: ResourcePath
  do throws(PathError) { path = try ResourcePath(bytes, model: ProfileModel.model) } catch {
    requireReadable(error.message)
    return 0
  }
  let parts = path.parts
  for part in parts { requireClean(part.text) }
  let written = "/\(path.version.rawValue)/\(path.root.name)" + parts.map(\.written).joined()
  requireSame(Array(written.utf8), parts, "A path that is written again")
  requireSame(bytes.flatMap { $0 == slash ? [slash, slash] : [$0] } + [slash], parts, "A path with doubled slashes")
  return 0
}

private let slash = UInt8(ascii: "/")

/// One part of a path after its root.
private struct Part: Equatable {
  enum Kind: Equatable { case navigation, key, system, property, cast, action }

  let kind: Kind
  let text: String
  /// The name of an alternate key.
  var keyName: String?

  static func == (left: Self, right: Self) -> Bool {
    left.kind == right.kind && left.text.utf8.elementsEqual(right.text.utf8)
      && (left.keyName ?? "").utf8.elementsEqual((right.keyName ?? "").utf8)
  }

  /// The part as text of a path. A system segment keeps its dollar sign unencoded, which tells it from a key.
  var written: String {
    switch kind {
    case .navigation, .property, .cast, .action: return "/\(text)"
    case .system: return "/$" + PercentEncoding.encodeSegment(String(text.unicodeScalars.dropFirst()))
    case .key:
      // As a segment, a key with the name of a type or an action would be taken for that.
      let isPlain =
        keyName == nil && !text.utf8.contains(UInt8(ascii: ".")) && !text.lowercased().hasPrefix("getbyids")
        && !text.lowercased().hasPrefix("validateproperties")
      guard !isPlain else { return "/" + PercentEncoding.encodeSegment(text) }
      let quoted = text.utf8.flatMap { $0 == UInt8(ascii: "'") ? [$0, $0] : [$0] }
      guard let keyName else {
        return PercentEncoding.encodeSegment("('\(String(decoding: quoted, as: UTF8.self))')")
      }
      return PercentEncoding.encodeSegment("(\(keyName)='\(String(decoding: quoted, as: UTF8.self))')")
    }
  }
}

extension ResourcePath {
  fileprivate var parts: [Part] {
    var parts: [Part] = []
    if let key { parts.append(Part(kind: .key, text: key.value, keyName: key.name)) }
    for step in steps {
      switch step {
      case .navigation(let navigation): parts.append(Part(kind: .navigation, text: navigation.name))
      case .key(let key): parts.append(Part(kind: .key, text: key.value, keyName: key.name))
      case .system(let name): parts.append(Part(kind: .system, text: name))
      case .property(let property): parts.append(Part(kind: .property, text: property.name))
      case .cast(let type): parts.append(Part(kind: .cast, text: type.qualifiedName))
      case .action(let action): parts.append(Part(kind: .action, text: action.name))
      }
    }
    return parts
  }
}

private func requireSame(_ text: [UInt8], _ parts: [Part], _ what: String) {
  guard let path = try? ResourcePath(text, model: ProfileModel.model) else { broken("\(what) is refused") }
  require(path.parts == parts, "\(what) names another resource")
}

private func requireClean(_ text: String) {
  require(!text.isEmpty, "a decoded segment is empty")
  require(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a decoded segment holds a control character")
}

/// Checks that decoded text survives encoding and decoding.
private func requireEncoding(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let text = PercentEncoding.decode(bytes) else { return }
  let again = PercentEncoding.decode(PercentEncoding.encodeSegment(text).utf8)
  require(again?.utf8.elementsEqual(text.utf8) == true, "a text is not the same when it is encoded and decoded")
}
