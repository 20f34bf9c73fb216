import OData
import Profiles

/// Encodes entities that a caller may see as Graph does: control information first, then the stored properties or the
/// selected ones (OData JSON 4.01 section 4.6).
struct ItemEncoder {
  /// The scheme and authority of the service, such as `http://localhost:8080`.
  let origin: String
  /// The version of the service.
  let version: ResourcePath.ServiceVersion
  /// Whether a `source.type` with one element is encoded as a string: see `SourceShape`.
  let showsSingleElement: Bool
  /// The representation that the client accepts.
  let representation: Representation

  // MARK: Lists

  /// The start of a page of a list, including the elements that are available. The count and the next link are kept
  /// where other control information is omitted (OData JSON 4.01 section 3.1.3).
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

  /// The end of a page of a list.
  static let listClosing = Array("]}".utf8)

  private func write(_ name: String, _ count: Int, into json: inout JSONWriter) {
    guard representation.isIEEE754Compatible else {
      json.name(name)
      return json.int(Int64(count))
    }
    json.member(name, String(count))
  }

  /// Encodes control information, unless the client wants none.
  func control(_ name: String, _ value: String, into json: inout JSONWriter) {
    if representation.metadata == .minimal { json.member(name, value) }
  }

  // MARK: Items

  /// An item as the content of a response.
  func entity(_ item: VisibleItem, _ selection: Selection?) -> [UInt8] {
    var json = JSONWriter(capacity: item.json.count + 320)
    json.beginObject()
    if representation.metadata == .minimal {
      json.rawName(Self.contextName)
      json.beginString()
      writeContext(of: item.key.user, item.key.collection, selection, item.type) { json.part($0) }
      json.part("/$entity")
      json.endString()
    }
    write(item, selection, into: &json)
    return json.bytes
  }

  /// The context URL of a collection of items (OData 4.01 part 1, 10).
  func context(of user: UserID, _ collection: NavigationProperty, _ selection: Selection?) -> String {
    context(of: user, collection.name, selection, collection.target)
  }

  /// Items of a page. `isFirst` says that no item precedes them.
  func elements(_ items: [VisibleItem], _ selection: Selection?, isFirst: Bool) -> [UInt8] {
    joined(items, isFirst: isFirst) { item, json in write(item, selection, into: &json) }
  }

  /// The absolute URL of an item, for `Location`.
  func location(of key: ItemKey) -> String {
    "\(serviceRoot)users/\(PercentEncoding.encodeSegment(key.user.text))/profile/\(key.collection)/\(PercentEncoding.encodeSegment(key.id.text))"
  }

  // MARK: Profiles

  /// The start of a profile, up to its first collection.
  func profileOpening(of user: UserID, _ options: QueryOptions, showsID: Bool) -> [UInt8] {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    let suffix = options.contextSuffix(of: ProfileModel.profile)
    control("@odata.context", "\(contextRoot(of: user))\(suffix)/$entity", into: &json)
    control("@odata.type", "#\(ProfileModel.profile.qualifiedName)", into: &json)
    if showsID { json.member("id", ProfileModel.profileID) }
    return json.bytes
  }

  /// The start of an expanded collection of a profile, up to the opening bracket (OData JSON 4.01 section 8.3).
  /// `isFirst` says that no member precedes it in the object of the profile.
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

  /// The count of a collection of a profile. `isFirst` says that no member precedes it in the object of the profile.
  func collectionCount(_ collection: NavigationProperty, _ count: Int, isFirst: Bool) -> [UInt8] {
    var json = JSONWriter(capacity: 64)
    json.beginObject()
    write("\(collection.name)@odata.count", count, into: &json)
    return (isFirst ? [] : [UInt8(ascii: ",")]) + json.bytes.dropFirst()
  }

  // MARK: People, groups and the audit log

  /// A person or a group as the content of a response.
  func object(_ object: VisibleObject, _ options: QueryOptions) -> [UInt8] {
    var json = JSONWriter(capacity: object.json.count + 256)
    json.beginObject()
    control("@odata.context", "\(context(ofSetOf: object.type, options, of: object.listedType))/$entity", into: &json)
    write(object, options.selection, into: &json)
    return json.bytes
  }

  /// Entities of the directory of a page. `isFirst` says that none precedes them.
  func objects(_ objects: [VisibleObject], _ selection: Selection?, isFirst: Bool) -> [UInt8] {
    joined(objects, isFirst: isFirst) { object, json in write(object, selection, into: &json) }
  }

  /// References to entities of a page, as absolute URLs of the set of `set` (OData JSON 4.01 section 14). `isFirst` says
  /// that none precedes them.
  func references(_ objects: [VisibleObject], in set: StructuredType, isFirst: Bool) -> [UInt8] {
    joined(objects, isFirst: isFirst) { object, json in writeReference(object, in: set, into: &json) }
  }

  /// The reference to one entity, as the content of a response (OData JSON 4.01 section 14).
  func reference(_ object: VisibleObject, in set: StructuredType) -> [UInt8] {
    var json = JSONWriter(capacity: 160)
    json.beginObject()
    control("@odata.context", "\(serviceRoot)$metadata#$ref", into: &json)
    writeReference(object, in: set, into: &json)
    return json.bytes
  }

  private func writeReference(_ object: VisibleObject, in set: StructuredType, into json: inout JSONWriter) {
    json.member("@odata.id", "\(serviceRoot)\(Self.entitySet(of: set))/\(PercentEncoding.encodeSegment(object.id))")
    json.endObject()
  }

  /// The context URL of a list of references (OData 4.01 part 1, 10.11).
  var referencesContext: String { "\(serviceRoot)$metadata#Collection($ref)" }

  /// The ids that an action returns, as the content of a response.
  func ids(_ ids: [String]) -> [UInt8] {
    var json = JSONWriter(capacity: 40 * ids.count + 160)
    json.beginObject()
    control("@odata.context", "\(serviceRoot)$metadata#Collection(Edm.String)", into: &json)
    json.member("value", ids)
    json.endObject()
    return json.bytes
  }

  /// The entities of the directory that an action returns, as the content of a response.
  func found(_ objects: [VisibleObject], _ options: QueryOptions) -> [UInt8] {
    var json = JSONWriter(capacity: 1_024 * objects.count + 256)
    json.beginObject()
    control(
      "@odata.context", context(ofSetOf: ProfileModel.directoryObject, options, of: ProfileModel.user), into: &json)
    json.name("value")
    json.beginArray()
    json.append(self.objects(objects, options.selection, isFirst: true))
    json.append(Self.listClosing)
    return json.bytes
  }

  /// The absolute URL of a person or a group.
  func location(of object: VisibleObject) -> String {
    "\(serviceRoot)\(Self.entitySet(of: object.type))/\(PercentEncoding.encodeSegment(object.id))"
  }

  /// An entity that belongs to no entity set as the content of a response, with its context URL.
  func object(_ object: VisibleObject, in context: String, _ selection: Selection?) -> [UInt8] {
    var json = JSONWriter(capacity: object.json.count + 256)
    json.beginObject()
    control("@odata.context", context, into: &json)
    write(object, selection, into: &json)
    return json.bytes
  }

  // MARK: Properties

  /// A property as the content of a response; nil for null, to which the response is 204 (OData 4.01 part 1, 11.2.4).
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

  /// The context URL of an item, to which the path of a property is added.
  func context(of key: ItemKey) -> String {
    "\(contextRoot(of: key.user))/\(key.collection)('\(quoted(key.id.text))')"
  }

  /// The context URL of a person, to which the path of a property is added.
  func context(of user: UserID) -> String { "\(serviceRoot)$metadata#users('\(quoted(user.text))')" }

  /// The context URL of a person or a group, to which the path of a property is added.
  func context(of object: VisibleObject) -> String {
    "\(serviceRoot)$metadata#\(Self.entitySet(of: object.type))('\(quoted(object.id))')"
  }

  // MARK: Parts

  private static let contextName = Array("\"@odata.context\":".utf8)
  /// The JSON before and after the opaque part of an entity tag; see `Version.entityTag`.
  private static let entityTagOpening = Array(#""@odata.etag":"W/\""#.utf8)
  private static let entityTagClosing = Array(#"\"""#.utf8)

  /// Doubles apostrophes. They are rare, and searching is cheaper than replacing none.
  func quoted(_ text: String) -> String {
    text.contains(byte: UInt8(ascii: "'")) ? text.replacing("'", with: "''") : text
  }

  /// The key in a context is the person's id, also under `/me` (OData JSON 4.01 section 4.6.1).
  private func contextRoot(of user: UserID) -> String { "\(context(of: user))/profile" }

  private func context(
    of user: UserID, _ collection: String, _ selection: Selection?, _ type: StructuredType
  ) -> String {
    var context = ""
    writeContext(of: user, collection, selection, type) { context += $0 }
    return context
  }

  /// Writes the context URL of a collection part by part, so that it need not be joined in memory.
  private func writeContext(
    of user: UserID, _ collection: String, _ selection: Selection?, _ type: StructuredType, _ write: (String) -> Void
  ) {
    write(origin)
    write(Self.path(version))
    write("$metadata#users('")
    write(quoted(user.text))
    write("')/profile/")
    write(collection)
    if let selection { write(selection.contextSuffix(of: type)) }
  }

  /// The service root with a trailing slash, such as `http://localhost:8080/beta/`.
  var serviceRoot: String { origin + Self.path(version) }

  private static func path(_ version: ResourcePath.ServiceVersion) -> String {
    switch version {
    case .beta: "/beta/"
    case .v1: "/v1.0/"
    }
  }

  /// The context URL of an entity set. The options are of `type`, which may be derived from the type of the set.
  func context(ofSetOf set: StructuredType, _ options: QueryOptions, of type: StructuredType? = nil) -> String {
    "\(serviceRoot)$metadata#\(Self.entitySet(of: set))\(options.contextSuffix(of: type ?? set))"
  }

  /// The context URL of a person's audit log.
  func changesContext(of user: UserID, _ selection: Selection?) -> String {
    context(of: user, "changes", selection, ProfileModel.change)
  }

  /// The context URL of the people near a person.
  func peopleContext(of user: UserID, _ selection: Selection?) -> String {
    "\(context(of: user))/people\(selection.map { $0.contextSuffix(of: ProfileModel.person) } ?? "")"
  }

  /// The context URL of what an organisation decided about its people.
  var settingsContext: String { "\(serviceRoot)$metadata#admin/people" }

  /// The context URL of a setting of people.
  func settingContext(_ setting: NavigationProperty, _ selection: Selection?) -> String {
    "\(settingsContext)/\(setting.name)\(selection.map { $0.contextSuffix(of: setting.target) } ?? "")"
  }

  /// The absolute URL of a value of a setting of people.
  func location(of value: VisibleObject, in setting: NavigationProperty) -> String {
    "\(serviceRoot)admin/people/\(setting.name)/\(PercentEncoding.encodeSegment(value.id))"
  }

  private static func entitySet(of type: StructuredType) -> String {
    ProfileModel.model.roots.first { $0.isEntitySet && $0.type === type }?.name ?? ""
  }

  private func joined<Element>(
    _ elements: [Element], isFirst: Bool, _ write: (Element, inout JSONWriter) -> Void
  ) -> [UInt8] {
    var json = JSONWriter(capacity: elements.count * 1_024)
    for index in elements.indices {
      if index > 0 || !isFirst { json.append(CollectionOfOne(UInt8(ascii: ","))) }
      json.beginObject()
      write(elements[index], &json)
    }
    return json.bytes
  }

  /// Encodes the members of an item and closes its object. All that follows the opening bracket of the stored object is
  /// copied.
  private func write(_ item: VisibleItem, _ selection: Selection?, into json: inout JSONWriter) {
    control(item.type, item.version, into: &json)
    if let selection { return write(item.value, item.type, selection, into: &json) }
    guard showsSingleElement, let array = item.collapsible else {
      return json.rawMember(item.json[1...])
    }
    json.rawMember(item.json[1..<array.lowerBound])
    json.append(item.json[(array.lowerBound + 1)..<(array.upperBound - 1)])
    json.append(item.json[array.upperBound...])
  }

  private func write(_ object: VisibleObject, _ selection: Selection?, into json: inout JSONWriter) {
    control(object.type, object.version, into: &json)
    if let manager = object.manager {
      return write(object, selection ?? usualSelection(of: object.type), manager, into: &json)
    }
    if let selection { return write(object.listedValue, object.listedType, selection, into: &json) }
    if let selection = usualSelection(of: object.type) {
      return write(object.value, object.type, selection, into: &json)
    }
    json.rawMember(object.json.dropFirst())
  }

  /// Encodes the members of a person, then the manager, and closes the object (OData JSON 4.01 section 8.3).
  private func write(
    _ object: VisibleObject, _ selection: Selection?, _ manager: ReportingLine, into json: inout JSONWriter
  ) {
    if let selection {
      if let value = object.value {
        var writer = EntityWriter(continuing: json, collapses: showsSingleElement)
        writer.members(value, of: object.type, selecting: selection)
        json = writer.json
      }
    } else {
      json.rawMember(object.json.dropFirst().dropLast())
    }
    json.name("manager")
    switch manager {
    case .nobody: json.null()
    case .person(let manager, let selection):
      json.beginObject()
      write(manager, selection, into: &json)
    }
    json.endObject()
  }

  /// What is answered without `$select`; nil for everything that is set. `/v1.0` answers a few properties of people, as
  /// on Graph.
  private func usualSelection(of type: StructuredType) -> Selection? {
    version == .v1 && type === ProfileModel.user ? Self.usualOfUser : nil
  }

  private static let usualOfUser = Selection(
    of: ProfileModel.user.properties.filter { !$0.traits.isDisjoint(with: [.key, .answeredByDefault]) })

  /// Encodes the type of an entity and its entity tag, unless the client wants none.
  func control(_ type: StructuredType, _ version: Version?, into json: inout JSONWriter) {
    guard representation.metadata == .minimal else { return }
    json.rawMember(type.annotation)
    guard let version else { return }
    json.rawName(Self.entityTagOpening)
    json.append(tagOf: version)
    json.raw(Self.entityTagClosing)
  }

  /// Encodes selected properties and closes the object. A damaged value shows none.
  func write(
    _ value: StructuredValue?, _ type: StructuredType, _ selection: Selection, into json: inout JSONWriter
  ) {
    guard let value else { return json.endObject() }
    var writer = EntityWriter(continuing: json, collapses: showsSingleElement)
    writer.members(value, of: type, selecting: selection)
    writer.json.endObject()
    json = writer.json
  }
}
