import OData

/// The results of a query's options on the samples of a type. Queries with the same meaning have the same results.
struct Outcome: Equatable {
  /// The result of a filter on a sample.
  enum Verdict: Equatable {
    case holds
    case doesNotHold
    case fails(EvaluationError)
  }

  static let now = DateTimeOffset(unixSeconds: 1_700_000_000)

  /// The result of the filter for each sample; empty without a filter.
  private(set) var filter: [Verdict] = []
  /// Whether each sample matches the search; empty without a search.
  private(set) var search: [Bool] = []
  /// The positions of the samples in the order; empty without an order.
  private(set) var positions: [KeysetPosition] = []
  /// The selected JSON of the samples; empty without a selection.
  private(set) var selected: [[UInt8]] = []
  private var top: Int?
  private var countsAll = false

  /// Evaluates the options for all samples of `type`.
  init(_ options: QueryOptions, of type: StructuredType) {
    // $skip is left out, because links do not repeat it.
    top = options.top
    countsAll = options.countsAll
    for (id, value) in Samples.entities(of: type) {
      if let filter = options.filter { self.filter.append(Self.verdict(filter, value)) }
      if let search = options.search { self.search.append(search.matches(value, of: type)) }
      if let position = try? options.ordering?.position(of: value, id: id, now: Self.now) { positions.append(position) }
      if let selection = options.selection { selected.append(Self.text(value, type, selection)) }
    }
  }

  private static func verdict(_ filter: Expression, _ value: StructuredValue) -> Verdict {
    do throws(EvaluationError) {
      return try filter.isSatisfied(by: value, now: now) ? .holds : .doesNotHold
    } catch {
      requireReadable(error.message)
      return .fails(error)
    }
  }

  private static func text(_ value: StructuredValue, _ type: StructuredType, _ selection: Selection) -> [UInt8] {
    var writer = EntityWriter()
    writer.json.beginObject()
    writer.members(value, of: type, selecting: selection)
    writer.json.endObject()
    return writer.json.bytes
  }
}
