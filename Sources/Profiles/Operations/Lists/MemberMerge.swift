import OData

/// Reads the people of several groups in the order of their ids, each person once.
///
/// Each group is read in pieces. What is behind the last person of a piece that is not the last one of its group is not
/// known yet, so that people are given up to the first such place. A few groups are read at a time, and other work of the
/// session's thread comes between. One person may be read with each of many groups: beyond `Limits.mergedBytesMax` only ids
/// are kept, and people are read again when they are given.
final class MemberMerge {
  /// People who come next.
  struct Piece {
    /// The people, without those who were deleted meanwhile.
    let people: [StoredUser]
    /// The id of the last one, who may have been deleted; nil at the end of the list.
    let end: String?
  }

  /// A person who was read and not given.
  private struct Member {
    let id: UserID
    /// The size of the person, kept or not.
    let bytes: Int
    /// nil where the person is read again.
    let user: StoredUser?

    var keptBytes: Int { user == nil ? 0 : bytes }
  }

  /// The people of one group that were read and not given.
  private struct Source {
    let group: GroupID
    var people: [Member] = []
    var isAtEnd = false
    /// The id behind which the next piece begins.
    var position: String?
  }

  private let context: SessionContext
  private var sources: [Source]
  /// People in order who are not given yet.
  private var ready: [Member] = []
  /// The size of the people that are kept.
  private var keptBytes = 0

  /// The people of these groups behind an id.
  init(_ context: SessionContext, of groups: [GroupID], after id: String?) {
    self.context = context
    sources = groups.map { Source(group: $0, position: id) }
  }

  /// Reads the next people, at most that many; none behind the end. Must not be called again before it has answered.
  func next(_ limit: Int, _ then: @escaping Completion<Piece>) {
    guard ready.count < limit, !areSourcesEmpty else { return give(max(1, limit), then) }
    fill(limit) { [self] filled in
      filled.onSuccess(orFail: then) {
        takeKnown()
        // A long list must not keep the thread.
        guard limit > Limits.loopRowsMax else { return next(limit, then) }
        context.afterOthers { [self] in next(limit, then) }
      }
    }
  }

  private var areSourcesEmpty: Bool { sources.allSatisfy { $0.isAtEnd && $0.people.isEmpty } }

  /// Gives people who are ready, fewer where they are large, as a page of a store has fewer.
  private func give(_ limit: Int, _ then: @escaping Completion<Piece>) {
    var (count, bytes) = (0, 0)
    while count < min(limit, ready.count), bytes <= Limits.pageBytesMax {
      bytes += ready[count].bytes
      count += 1
    }
    let given = Array(ready.prefix(count))
    ready.removeFirst(count)
    keptBytes -= given.reduce(0) { $0 + $1.keptBytes }
    let end = ready.isEmpty && areSourcesEmpty ? nil : given.last?.id.text
    let kept = given.compactMap(\.user)
    guard kept.count < given.count else { return then(.success(Piece(people: kept, end: end))) }
    let read: (Member, @escaping (Result<StoredUser?, StoreError>) -> Void) -> Void = { [context] member, then in
      if let user = member.user { then(.success(user)) } else { context.reader.user(member.id, then) }
    }
    SlicedRead.run(context, given, read: read) { found in then(found.map { Piece(people: $0, end: end) }) }
  }

  /// Takes back the last of the people that were given, who come next again.
  func giveBack(_ people: [StoredUser]) { ready.insert(contentsOf: people.map(keep), at: 0) }

  /// A person to be given later, who is kept as far as there is room.
  private func keep(_ user: StoredUser) -> Member {
    let isKept = keptBytes + user.json.count <= Limits.mergedBytesMax
    if isKept { keptBytes += user.json.count }
    return Member(id: user.id, bytes: user.json.count, user: isKept ? user : nil)
  }

  /// Reads the next piece of a few of the groups of which nothing is left, until there is none.
  private func fill(_ limit: Int, _ then: @escaping Completion<Void>) {
    let empty = sources.indices.filter { sources[$0].people.isEmpty && !sources[$0].isAtEnd }
    guard !empty.isEmpty else { return then(.success(())) }
    let rows = max(Limits.mergedRowsMin, min(Limits.loopRowsMax, limit) / sources.count)
    let piece = empty.prefix(max(1, Limits.loopRowsMax / rows))
    let took: (Result<[(Int, StoredPage<StoredUser>)], StoreError>) -> Void = { [self] found in
      found.onSuccess(orFail: then) { pages in
        for (index, page) in pages { take(page, of: index) }
        guard empty.count > piece.count else { return then(.success(())) }
        context.afterOthers { [self] in fill(limit, then) }
      }
    }
    ResultCollector.read(Array(piece), from: context.reader, took) { [self] index, then in
      let source = sources[index]
      context.reader.members(of: source.group, after: source.position, limit: rows) { page in
        then(page.map { (index, $0) })
      }
    }
  }

  private func take(_ page: StoredPage<StoredUser>, of index: Int) {
    sources[index].people = page.elements.map(keep)
    // A page without people is not followed by others.
    sources[index].isAtEnd = page.isLast || page.elements.isEmpty
    sources[index].position = page.elements.last?.id.text ?? sources[index].position
  }

  /// Takes the people up to the last one behind whom nothing can come that was not read.
  private func takeKnown() {
    let open = sources.filter { !$0.isAtEnd }.compactMap(\.people.last?.id.text)
    let end = open.min { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var known: [Member] = []
    for index in sources.indices {
      let count = sources[index].people.prefix { user in
        end.map { !$0.utf8.lexicographicallyPrecedes(user.id.text.utf8) } ?? true
      }.count
      known += sources[index].people.prefix(count)
      sources[index].people.removeFirst(count)
    }
    known.sort { $0.id.text.utf8.lexicographicallyPrecedes($1.id.text.utf8) }
    for member in known {
      if ready.last?.id == member.id { keptBytes -= member.keptBytes } else { ready.append(member) }
    }
  }
}
