public import OData

/// The bounds that the profile domain enforces, and those of the store's contract, which every store keeps.
extension Limits {
  // MARK: A person

  /// Most items in one collection of one person.
  public static let itemsPerCollectionMax = 1_000
  /// Most that one person may hold in all, in bytes of stored items.
  public static let personBytesMax = 16 << 20
  /// An item that grows is held against `personBytesMax` only when it begins another piece of so many bytes, because counting
  /// what a person holds costs more than the write: with the digits of the time alone every tenth update is a byte longer. A
  /// person may so exceed `personBytesMax` by less than this for each item.
  public static let personBytesStep = 64
  /// Most groups that one person can be a member of: each is looked up when somebody asks for the person's items.
  public static let groupsPerPersonMax = 1_000
  /// Most groups that are members of one group, and most that one group is a member of.
  public static let groupsPerGroupMax = 1_000
  /// Most groups that lie in one another.
  public static let groupLevelsMax = 16
  /// Most groups above a group that another one is put into, and most below the other one.
  public static let groupRelativesMax = 2_000
  /// Most owners of one group.
  public static let ownersPerGroupMax = 100
  /// Most groups that an answer about memberships at second hand has (as on Graph).
  public static let transitiveGroupsMax = 11_000
  /// Longest id of a user or an item, in bytes of UTF-8.
  public static let idBytesMax = 256
  /// Most managers above one person, each of whom is looked up when one is set.
  public static let managersAboveMax = 100
  /// Most managers above each person that an expansion shows.
  public static let managerLevelsMax = 20
  /// Most people below one person who are counted.
  public static let transitiveReportsMax = 100_000
  /// Longest user principal name, in bytes of UTF-8.
  public static let userPrincipalNameBytesMax = 1_024
  /// Longest mail address of a person, in bytes, as it is and as it is compared: it is the key of an index.
  public static let mailBytesMax = 1_024

  /// Longest alias of a mail address, in bytes (Graph page on the resource type user).
  public static let mailNicknameBytesMax = 64
  /// Longest number that an organisation gives a person, in bytes.
  public static let employeeIDBytesMax = 16

  // MARK: A tenant

  /// Most domains of one tenant.
  public static let domainsMax = 100
  /// Most mail addresses for technical messages to one tenant.
  public static let technicalMailsMax = 10

  // MARK: A photo

  /// Longest image that a photo is made of, in bytes (as on Graph).
  public static let photoImageBytesMax = 4 << 20
  /// Most pixels of such an image.
  public static let photoPixelsMax = 32 << 20
  /// Longest file of one size of a photo, in bytes for each of its pixels. The encoder lowers the quality until it fits.
  public static let photoBytesPerPixelMax = 2

  // MARK: A list

  /// Most entities that a sorted list can skip: they have to be sorted too.
  public static let sortedSkipMax = 1_000
  /// Most that one page holds before it ends, in bytes of stored JSON. A page may exceed this by one entity.
  public static let answerBytesMax = 2 << 20
  /// Most content of a page that is kept while the page is built, in bytes of stored JSON. It may be exceeded by one
  /// entity. The rest is read again when it is sent.
  public static let keptBytesMax = 128 << 10
  /// Size of a piece of a page that was not kept and is read again on an event loop, in bytes of stored JSON. It may be
  /// exceeded by one entity. Of a store on another server a piece has `keptBytesMax`.
  public static let listPieceBytes = 32 << 10

  /// Fewest people that one read of a group asks for where the people of several groups are listed together. Refuses
  /// nothing.
  static let mergedRowsMin = 8
  /// Most that is kept of people who were read so and not listed yet, in bytes of stored JSON; the others are read again.
  /// Refuses nothing.
  static let mergedBytesMax = 8 << 20

  // MARK: Memberships

  /// Most ids that one request checks (as on Graph).
  public static let idsCheckedMax = 20
  /// Most ids that one request asks for (as on Graph).
  public static let idsAskedMax = 1_000
  /// Most that what is asked for by ids holds in all, in bytes of stored JSON: it is answered as a whole.
  public static let foundBytesMax = 8 << 20

  // MARK: Long queries

  /// Longest time that a query is evaluated before others have their turn, in microseconds. It may be exceeded by one
  /// entity. On an event loop a list has this time once, then continues elsewhere.
  public static let evaluationSliceMicroseconds = 2_000
  /// Most work that one entity may be for an event loop, in bytes of stored JSON times the parts of the query.
  public static let loopWorkMax = 512 << 10
  /// Most long queries of one caller that wait for the running one; further ones are refused with 429.
  public static let evaluationsWaitingMax = 64
  /// Most callers that have a long query running; others wait until one of these is answered.
  public static let evaluationsActiveMax = 64

  // MARK: A session

  /// Most tenants that one event loop remembers to exist.
  public static let rememberedTenantsMax = 10_000

  // MARK: Reads of a store

  /// Most rows that a read finishes on the event loop.
  public static let loopRowsMax = 64
  /// Most that one page of a read holds before it ends, in bytes of stored JSON. It may be exceeded by one row.
  public static let pageBytesMax = 256 << 10
  /// Most rows that one read asks for away from the event loop. No transaction is open between two reads.
  public static let pieceRowsMax = 256
  /// Deepest nesting of a condition on people that is passed on to a store, whose own parser may refuse more.
  public static let selectionDepthMax = 10
  /// Most parts of one condition on people that are passed on to a store.
  public static let selectionPartsMax = 100
  /// Most text of a property of one person that is searched by an index, in bytes. With more, the person is evaluated in
  /// every search.
  public static let searchedTextBytesMax = 4 << 10
  /// Most tokens of a text by which an index is searched.
  public static let searchedTokensMax = 24
  /// Longest item that a store leaves out by a condition on its JSON, in bytes. No longer one can be too much work for the
  /// evaluation of the functions that `narrowedCallsMax` permits.
  public static let narrowedItemBytesMax = 64 << 10
  /// Most functions that a filter calls before the part that a store checks. Each examines an item and a literal, which is a
  /// part of a URL.
  public static let narrowedCallsMax = 16
  /// Most texts that an item must contain, each of them, to be read for a filter.
  public static let narrowedPartsMax = 2
  /// Most texts of which an item must contain one to be read for a filter.
  public static let narrowedAlternativesMax = 4
  /// Longest beginning of such a text that is searched for, in bytes.
  public static let narrowedPartBytesMax = 64

  // MARK: Writes of a store

  /// Most writes that share one transaction.
  public static let groupWritesMax = 256
  /// Most writes that may wait for the writer; further ones are refused with 503.
  public static let queuedWritesMax = 20_000
  /// Longest time that an `Idempotency-Key` is remembered, in seconds.
  public static let receiptSeconds = 24 * 3_600

  // MARK: An import

  /// Longest line of an import file, in bytes.
  public static let importLineBytesMax = 4 << 20
}

extension Limits {
  // MARK: A tenant

  /// Most sources of a tenant, most orders of sources and settings of properties, and most properties of profile cards.
  public static let peopleSettingsMax = 100
  /// Most that the settings of a tenant about its people hold in all, in bytes of JSON: every server keeps them in memory.
  public static let peopleSettingsBytesMax = 64 << 10

  // MARK: Who stands near

  /// Most groups of a person by which others stand near, the first ones by their ids.
  public static let nearbyGroupsMax = 50
  /// Most members of a group that says who stands near. Those of a larger one are no nearer than anybody else.
  public static let nearbyGroupMembersMax = 100
  /// Most people who report to a person and stand near by that, the first ones by their ids.
  public static let nearbyReportsMax = 100
  /// Most people whom items of one collection of a person name, and who stand near by that.
  public static let nearbyNamedMax = 100
  /// Most people who stand near somebody, the nearest ones.
  public static let nearbyPeopleMax = 250
  /// Most people near somebody whose profiles are read, to find shared projects or what a search names.
  public static let nearbyProfilesMax = 100
  /// Most that is read of these profiles, in bytes of stored JSON. It may be exceeded by one page of a read.
  public static let nearbyProfileBytesMax = 1 << 20
  /// Most terms of one search that look into profiles.
  public static let nearbyItemTermsMax = 8
}
