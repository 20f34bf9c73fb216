import OData

/// Fuzzes queries: results are the same each time, an order is a total order, and a condition never holds together with
/// its negation.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let input = Input(data, count) else { return 0 }
  let offer: QueryOptions.Supported = input.isLowercase ? [.select, .expand, .format] : [.list, .expand]
  do throws(QueryError) {
    let options = try QueryOptions(input.rest, of: input.type, supporting: offer)
    check(options, of: input.type)
    for expansion in options.expansions ?? [] {
      guard let navigation = input.type.navigation.first(where: { $0.name == expansion.navigation }) else {
        broken("an unknown navigation property is expanded")
      }
      check(expansion.options, of: navigation.target)
    }
  } catch {
    requireReadable(error.message)
  }
  return 0
}

private func check(_ options: QueryOptions, of type: StructuredType) {
  let outcome = Outcome(options, of: type)
  if let ordering = options.ordering { requireOrder(ordering, outcome.positions) }
  for text in outcome.selected { requireJSON(text) }
  if let selection = options.selection { requireSelection(selection, of: type, selects: outcome.selected) }
  requireOpposites(options, outcome, of: type)
  // Links to the rest of an expansion are made of the options as written; expansions do not nest.
  guard options.expansions == nil else { return }
  let query = options.written.map { written($0.name, $0.value) }.joined(separator: "&")
  guard let again = parsed(query, of: type) else { broken("a query that is written again is refused") }
  require(again.identity == options.identity, "a query that is written again asks for something else")
  require(Outcome(again, of: type) == outcome, "a query that is written again gives something else")
}

// MARK: Negations

private func requireOpposites(_ options: QueryOptions, _ outcome: Outcome, of type: StructuredType) {
  let aliases = options.identity.filter { $0.key.utf8.first == UInt8(ascii: "@") }
    .map { "&" + written($0.key, $0.value) }.sorted().joined()
  if let filter = options.identity["$filter"],
    let opposite = parsed(written("$filter", "not (\(filter))") + aliases, of: type)
  {
    let opposites = Outcome(opposite, of: type).filter
    for (verdict, other) in zip(outcome.filter, opposites) {
      require(verdict != .holds || other != .holds, "a condition holds together with its opposite")
      if case .fails = verdict { require(verdict == other, "a condition fails, and its opposite does not") }
    }
  }
  if let search = options.identity["$search"],
    let opposite = parsed(written("$search", "NOT (\(search))"), of: type)
  {
    for (verdict, other) in zip(outcome.search, Outcome(opposite, of: type).search) {
      require(verdict != other, "a search and its opposite agree")
    }
  }
}

/// The options of a query that is derived from an accepted one; nil when it is refused for its size only.
private func parsed(_ query: String, of type: StructuredType) -> QueryOptions? {
  do throws(QueryError) {
    return try QueryOptions(query.utf8, of: type, supporting: .list)
  } catch {
    let isTooLarge = ["deeper", "parts", "terms"].contains { error.message.contains($0) }
    require(isTooLarge, "a query made of an accepted one is refused: \(error.message)")
    return nil
  }
}

private func written(_ name: String, _ value: String) -> String {
  "\(PercentEncoding.encodeSegment(name))=\(PercentEncoding.encodeSegment(value))"
}

// MARK: Orders

/// Checks that positions with different keys form a strict total order: none precedes itself, of two exactly one
/// precedes the other, and each precedes a different number of others, which rules out cycles.
private func requireOrder(_ ordering: Ordering, _ positions: [KeysetPosition]) {
  var followers: Set<Int> = []
  for (index, position) in positions.enumerated() {
    require(!ordering.precedes(position, position), "a position precedes itself")
    var count = 0
    for (other, otherPosition) in positions.enumerated() where other != index {
      let precedes = ordering.precedes(position, otherPosition)
      require(precedes != ordering.precedes(otherPosition, position), "two positions have no order, or two")
      if precedes { count += 1 }
    }
    require(followers.insert(count).inserted, "an order has a cycle")
  }
}

// MARK: Selections

private func requireJSON(_ text: [UInt8]) {
  text.withUnsafeBufferPointer { bytes in
    var reader = JSONReader(bytes)
    let isWhole = (try? reader.skipValue()) != nil && (try? reader.finish()) != nil
    require(isWhole, "a selection is written as something else than one JSON text")
  }
}

/// Checks that the select list of a context URL reads back as the same selection.
private func requireSelection(_ selection: Selection, of type: StructuredType, selects texts: [[UInt8]]) {
  let suffix = selection.contextSuffix(of: type).unicodeScalars.dropFirst().dropLast()
  let query = written("$select", String(String.UnicodeScalarView(suffix)))
  guard let again = parsed(query, of: type) else { broken("the selection of a context URL is refused") }
  require(Outcome(again, of: type).selected == texts, "the selection of a context URL is another")
}
