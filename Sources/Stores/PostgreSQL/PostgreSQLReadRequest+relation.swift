import OData
import Profiles

/// Reads that depend on how a viewer relates to an owner.
extension PostgreSQLReadRequest {
  /// What was read with a look-up.
  struct Found {
    /// nil when there is no such person.
    let owner: PostgreSQLOwnerRelations.OwnerRow?
    /// The rows of the queries before the look-up.
    let before: [PostgreSQLRows]
    /// The rows of those behind it; nil when all was read at one moment.
    let behind: [PostgreSQLRows]?
  }

  typealias Then = @Sendable (PostgreSQLReads, Found) throws(PostgreSQLFailure) -> PostgreSQLReadStep<Answer>

  /// Runs queries about the owner, looks the owner up, runs further queries about the owner, and goes on with `then`.
  ///
  /// One trip does it, unless the owner and the viewer may lie on different nodes and the viewer's groups are needed. Then the
  /// owner's node is asked, the viewer's, and the owner's again, and all of it again when the owner has changed in between. No
  /// node waits for another one. The viewer's groups decide nothing when the owner has none.
  static func related(
    by lookup: PostgreSQLOwnerLookup, before: [PostgreSQLQuery] = [], behind: [PostgreSQLQuery] = [],
    isDistributed: Bool, isOfTenant: Bool = false, then: @escaping Then
  ) -> Self {
    let isOfTwo = isDistributed && lookup.isOfTwo && !isOfTenant
    let queries =
      isOfTwo ? lookup.front + lookup.back : lookup.queries(isSplit: isDistributed, isOfTenant: isOfTenant)
    let again: @Sendable () -> Self = {
      related(
        by: lookup, before: before, behind: behind, isDistributed: isDistributed, isOfTenant: isOfTenant, then: then)
    }
    @Sendable func step(
      _ reads: PostgreSQLReads, _ rows: [PostgreSQLRows], isOfOneMoment: Bool
    ) throws(PostgreSQLFailure) -> PostgreSQLReadStep<Answer> {
      let (front, rest) = (Array(rows.prefix(before.count)), rows.dropFirst(before.count))
      let answers = Array(rest.prefix(queries.count))
      let answer =
        isOfTwo
        ? try lookup.answerOfTwo(answers, viewer: nil) : try lookup.answer(answers, isSplit: isDistributed)
      switch answer {
      case .row(let owner), .ofTenant(let owner as PostgreSQLOwnerRelations.OwnerRow?):
        let behind = isOfOneMoment ? nil : Array(rest.dropFirst(queries.count))
        return try then(reads, Found(owner: owner, before: front, behind: behind))
      case .needsViewer:
        return .next(
          related(by: lookup, front, answers.prefix(lookup.front.count), behind: behind, again: again, then: then))
      case .notOfTenant:
        return .next(foreign(lookup, before: before, behind: behind, again: again, then: then))
      case .changed: return .next(again())
      }
    }
    var request = Self(at: .person(lookup.user), steps: before + queries + behind) {
      reads, rows throws(PostgreSQLFailure) in try step(reads, rows, isOfOneMoment: false)
    }
    guard isDistributed, !isOfTwo, !behind.isEmpty else { return request }
    request.ofOneMoment = PostgreSQLTrip(before + queries) { reads, rows throws(PostgreSQLFailure) in
      try step(reads, rows, isOfOneMoment: true)
    }
    return request
  }

  /// Reads the groups of the viewer, and then what must not have changed.
  private static func related(
    by lookup: PostgreSQLOwnerLookup, _ before: [PostgreSQLRows], _ front: ArraySlice<PostgreSQLRows>,
    behind: [PostgreSQLQuery], again: @escaping @Sendable () -> Self,
    then: @escaping Then
  ) -> Self {
    Self(at: lookup.viewerPlace, steps: [lookup.viewerQuery]) { _, viewer throws(PostgreSQLFailure) in
      .next(
        Self(at: .person(lookup.user), steps: lookup.back + behind) { reads, rows throws(PostgreSQLFailure) in
          let answers = front + rows.prefix(lookup.back.count)
          guard case .row(let owner) = try lookup.answerOfTwo(Array(answers), viewer: viewer[0]) else {
            return .next(again())
          }
          return try then(
            reads, Found(owner: owner, before: before, behind: Array(rows.dropFirst(lookup.back.count))))
        })
    }
  }

  /// The same for a person whom the caller's tenant does not have, whose groups nobody there shares. `again` is for one whom
  /// it has got meanwhile.
  private static func foreign(
    _ lookup: PostgreSQLOwnerLookup, before: [PostgreSQLQuery], behind: [PostgreSQLQuery],
    again: @escaping @Sendable () -> Self,
    then: @escaping Then
  ) -> Self {
    Self(at: .person(lookup.user), steps: before + [lookup.foreignQuery] + behind) {
      reads, rows throws(PostgreSQLFailure) in
      let owner = try PostgreSQLOwnerRelations.OwnerRow(rows[before.count])
      if let owner, lookup.isOfTenant(owner) { return .next(again()) }
      return try then(
        reads,
        Found(
          owner: owner, before: Array(rows.prefix(before.count)), behind: Array(rows.dropFirst(before.count + 1))))
    }
  }
}
