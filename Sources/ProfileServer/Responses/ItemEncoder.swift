import OData
import Profiles

/// Writes what a caller may see as Graph shows it: control information first, then the members as they are stored, or
/// those of them that are asked for.
struct ItemEncoder {
  /// The service root with a trailing slash, such as `http://localhost:8080/beta/`.
  let serviceRoot: String
  /// Whether a collection of one element that may be answered alone is.
  let showsSingleElement: Bool
  /// What the client accepts.
  let representation: Representation

  // MARK: Lists

  /// A page of a list, up to and with the elements that are there already. The number of all and the link to the next
  /// page stay where other control information is left out (OData JSON 4.01 section 3.1.3).
  func listOpening<Element: Sendable>(
    _ listing: Listing<Element>, _ context: String, nextLink: String?, _ elements: [UInt8]
  ) -> [UInt8] {
    var json = JSONWriter(capacity: elements.count + 512)
    json.beginObject()
    control("@odata.context", context, into: &json)
    if let count = listing.count { write("@odata.count", count, into: &json) }
    if let nextLink { json.member("@odata.nextLink", nextLink) }
    json.name("value")
    json.beginArray()
    json.append(elements)
    return json.bytes
  }

  /// The end of a list.
  static let listClosing = Array("]}".utf8)

  private func write(_ name: String, _ count: Int, into json: inout JSONWriter) {
    guard representation.isIEEE754Compatible else {
      json.name(name)
      return json.int(Int64(count))
    }
    json.member(name, String(count))
  }

  /// Control information, unless the client wants none.
  private func control(_ name: String, _ value: String, into json: inout JSONWriter) {
    if representation.metadata == .minimal { json.member(name, value) }
  }

  // MARK: Items

  /// One item as the answer to a request.
  func entity(_ item: VisibleItem, _ selection: Selection?) -> [UInt8] {
    var json = JSONWriter(capacity: item.json.count + 320)
    json.beginObject()
    if representation.metadata == .minimal {
      json.rawName(Self.contextName)
      json.string(parts: contextParts(of: item.key.user, item.key.collection, selection, item.type, "/$entity"))
    }
    write(item, selection, into: &json)
    return json.bytes
  }

  /// The context of a collection's items.
  func context(of user: UserID, _ collection: NavigationProperty, _ selection: Selection?) -> String {
    context(of: user, collection.name, selection, collection.target)
  }

  /// The items of one page; `isFirst` when nothing stands before them in the list.
  func elements(_ items: [VisibleItem], _ selection: Selection?, isFirst: Bool) -> [UInt8] {
    joined(items, isFirst: isFirst) { item, json in write(item, selection, into: &json) }
  }

  /// The absolute URL of an item, for `Location`.
  func location(of key: ItemKey) -> String {
    "\(serviceRoot)users/\(PercentEncoding.encodeSegment(key.user.text))/profile/\(key.collection)/\(PercentEncoding.encodeSegment(key.id.text))"
  }

  // MARK: Profiles

  /// The beginning of a profile, up to its first collection.
  func profileOpening(of user: UserID, _ options: QueryOptions, showsID: Bool) -> [UInt8] {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    let suffix = options.contextSuffix(of: ProfileModel.profile)
    control("@odata.context", "\(contextRoot(of: user))\(suffix)/$entity", into: &json)
    control("@odata.type", "#\(ProfileModel.profile.qualifiedName)", into: &json)
    if showsID { json.member("id", ProfileModel.profileID) }
    return json.bytes
  }

  /// The beginning of a collection within a profile, up to and with the opening bracket; `isFirst` when nothing stands
  /// before it in the profile's object.
  func collectionOpening(
    of user: UserID, _ collection: NavigationProperty, _ selection: Selection?, count: Int? = nil,
    nextLink: String? = nil, isFirst: Bool
  ) -> [UInt8] {
    var json = JSONWriter(capacity: 192)
    json.beginObject()
    control("\(collection.name)@odata.context", context(of: user, collection, selection), into: &json)
    if let count { write("\(collection.name)@odata.count", count, into: &json) }
    if let nextLink { json.member("\(collection.name)@odata.nextLink", nextLink) }
    json.name(collection.name)
    json.beginArray()
    // The profile's own object is open already.
    return (isFirst ? [] : [UInt8(ascii: ",")]) + json.bytes.dropFirst()
  }

  /// The number of items of a collection within a profile; `isFirst` when nothing stands before it in the profile's object.
  func collectionCount(_ collection: NavigationProperty, _ count: Int, isFirst: Bool) -> [UInt8] {
    var json = JSONWriter(capacity: 64)
    json.beginObject()
    write("\(collection.name)@odata.count", count, into: &json)
    return (isFirst ? [] : [UInt8(ascii: ",")]) + json.bytes.dropFirst()
  }

  // MARK: People, groups and the record

  /// A person or a group as the answer to a request.
  func object(_ object: VisibleObject, _ selection: Selection?) -> [UInt8] {
    var json = JSONWriter(capacity: object.json.count + 256)
    json.beginObject()
    control("@odata.context", "\(context(ofSetOf: object.type, selection))/$entity", into: &json)
    write(object, selection, into: &json)
    return json.bytes
  }

  /// Elements of one page; `isFirst` when nothing stands before them in the list.
  func objects(_ objects: [VisibleObject], _ selection: Selection?, isFirst: Bool) -> [UInt8] {
    joined(objects, isFirst: isFirst) { object, json in write(object, selection, into: &json) }
  }

  /// The absolute URL of a person or a group.
  func location(of object: VisibleObject) -> String {
    "\(serviceRoot)\(Self.entitySet(of: object.type))/\(PercentEncoding.encodeSegment(object.id))"
  }

  // MARK: Properties

  /// One property as the answer to a request; nil when the value is null, which is answered without a body.
  func property(_ value: Value, _ property: Property, at path: String, of resource: String) -> [UInt8]? {
    guard !value.isNull else { return nil }
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    control("@odata.context", "\(resource)/\(path)", into: &json)
    var writer = EntityWriter(continuing: json, collapses: showsSingleElement)
    if case .complex(let complex) = value, case .complex(let type) = property.type {
      writer.members(complex, of: type)
    } else {
      writer.member("value", value, of: property)
    }
    writer.json.endObject()
    return writer.json.bytes
  }

  /// The context of an item's properties.
  func context(of key: ItemKey) -> String {
    "\(contextRoot(of: key.user))/\(key.collection)('\(quoted(key.id.text))')"
  }

  /// The context of a person's properties.
  func context(of user: UserID) -> String { "\(serviceRoot)$metadata#users('\(quoted(user.text))')" }

  /// The context of the properties of a person or a group.
  func context(of object: VisibleObject) -> String {
    "\(serviceRoot)$metadata#\(Self.entitySet(of: object.type))('\(quoted(object.id))')"
  }

  // MARK: Parts

  private static let keyPrefix = Array("{\"id\":".utf8)
  private static let contextName = Array("\"@odata.context\":".utf8)
  /// The entity tag of a version, up to and behind its opaque part, as `Version.entityTag` has it.
  private static let entityTagOpening = Array(#""@odata.etag":"W/\""#.utf8)
  private static let entityTagClosing = Array(#"\"""#.utf8)

  /// Ids that hold an apostrophe are rare, and looking for one is cheaper than replacing none.
  private func quoted(_ text: String) -> String {
    text.contains(byte: UInt8(ascii: "'")) ? text.replacing("'", with: "''") : text
  }

  /// The key in a context is the person's id, also under `/me` (OData JSON 4.01 section 4.6.1).
  private func contextRoot(of user: UserID) -> String { "\(context(of: user))/profile" }

  private func context(
    of user: UserID, _ collection: String, _ selection: Selection?, _ type: StructuredType
  ) -> String {
    contextParts(of: user, collection, selection, type).joined()
  }

  /// The same before it is put together, which needs no memory of its own.
  private func contextParts(
    of user: UserID, _ collection: String, _ selection: Selection?, _ type: StructuredType, _ suffix: String = ""
  ) -> [String] {
    [
      serviceRoot, "$metadata#users('", quoted(user.text), "')/profile/", collection,
      selection.map { $0.contextSuffix(of: type) } ?? "", suffix,
    ]
  }

  /// The context of an entity set; what is selected is selected of `type`, which may be more than the set's own.
  func context(ofSetOf set: StructuredType, _ selection: Selection?, of type: StructuredType? = nil) -> String {
    "\(serviceRoot)$metadata#\(Self.entitySet(of: set))\(selection.map { $0.contextSuffix(of: type ?? set) } ?? "")"
  }

  /// The context of the audit log of a person.
  func changesContext(of user: UserID, _ selection: Selection?) -> String {
    context(of: user, "changes", selection, ProfileModel.change)
  }

  private static func entitySet(of type: StructuredType) -> String {
    ProfileModel.model.roots.first { $0.isEntitySet && $0.type === type }?.name ?? ""
  }

  private func joined<Element>(
    _ elements: [Element], isFirst: Bool, _ write: (Element, inout JSONWriter) -> Void
  ) -> [UInt8] {
    var json = JSONWriter(capacity: elements.count * 1_024)
    for (position, element) in elements.enumerated() {
      if position > 0 || !isFirst { json.append(CollectionOfOne(UInt8(ascii: ","))) }
      json.beginObject()
      write(element, &json)
    }
    return json.bytes
  }

  /// Writes the members of an item and closes its object.
  private func write(_ item: VisibleItem, _ selection: Selection?, into json: inout JSONWriter) {
    control(item.type, item.version, into: &json)
    if let selection { return write(item.value, item.type, selection, into: &json) }
    json.name("id")
    let start = Self.keyPrefix.count
    guard showsSingleElement, let array = item.collapsible, array.lowerBound >= start else {
      return json.raw(item.json[start...])
    }
    json.raw(item.json[start..<array.lowerBound])
    json.append(item.json[(array.lowerBound + 1)..<(array.upperBound - 1)])
    json.append(item.json[array.upperBound...])
  }

  private func write(_ object: VisibleObject, _ selection: Selection?, into json: inout JSONWriter) {
    control(object.type, object.version, into: &json)
    if let selection { return write(object.value, object.type, selection, into: &json) }
    json.name("id")
    // The stored object begins with its key, written here already up to the colon.
    json.raw(object.json.dropFirst(Self.keyPrefix.count))
  }

  private func control(_ type: StructuredType, _ version: Version?, into json: inout JSONWriter) {
    guard representation.metadata == .minimal else { return }
    json.rawMember(type.annotation)
    guard let version else { return }
    json.rawName(Self.entityTagOpening)
    json.append(version.opaqueTag.utf8)
    json.raw(Self.entityTagClosing)
  }

  /// A damaged value shows no members at all.
  private func write(
    _ value: StructuredValue?, _ type: StructuredType, _ selection: Selection, into json: inout JSONWriter
  ) {
    guard let value else { return json.endObject() }
    var writer = EntityWriter(continuing: json, collapses: showsSingleElement)
    writer.members(value, of: type, selecting: selection)
    writer.json.endObject()
    json = writer.json
  }
}
