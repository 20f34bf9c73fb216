import NIOCore
import NIOHTTP1
import Synchronization

/// Metrics of the whole server. Any thread may update and read them.
public final class ServerMetrics: Sendable {
  /// Upper bounds of the buckets of the duration histogram, in microseconds.
  static let bucketEdges: [Int64] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000]
  private static let statusClasses = 6

  private let requests: Counters
  private let buckets: Counters
  private let durationMicroseconds = Atomic<Int>(0)
  private let openConnections = Atomic<Int>(0)
  private let acceptedConnections = Atomic<Int>(0)

  /// Metrics that all start at zero.
  public init() {
    requests = Counters(count: ResourceTable.labels.count * Self.statusClasses)
    buckets = Counters(count: Self.bucketEdges.count + 1)
  }

  /// Counts one response; `started` is when its request was complete, nil when that is not known.
  func count(_ label: RouteLabel, _ status: HTTPResponseStatus, since started: NIODeadline?) {
    let statusClass = min(max(Int(status.code) / 100, 0), Self.statusClasses - 1)
    requests.increment(label.index * Self.statusClasses + statusClass)
    guard let started else { return }
    let microseconds = (NIODeadline.now() - started).nanoseconds / 1_000
    durationMicroseconds.wrappingAdd(Int(microseconds), ordering: .relaxed)
    buckets.increment(Self.bucketEdges.firstIndex { microseconds <= $0 } ?? Self.bucketEdges.count)
  }

  /// Counts a connection that was accepted.
  func connectionOpened() {
    openConnections.wrappingAdd(1, ordering: .relaxed)
    acceptedConnections.wrappingAdd(1, ordering: .relaxed)
  }

  /// Counts a connection that was closed.
  func connectionClosed() { openConnections.wrappingSubtract(1, ordering: .relaxed) }

  /// All metrics in the Prometheus text format, version 0.0.4, together with samples from elsewhere.
  func prometheusText(_ further: [PrometheusLine]) -> String {
    var lines = [
      PrometheusLine("facet_connections_open", .gauge, "Connections that are open.", Int64(openConnections.value)),
      PrometheusLine(
        "facet_connections_total", .counter, "Connections accepted since the start.", Int64(acceptedConnections.value)),
    ]
    for label in ResourceTable.labels {
      for statusClass in 1..<Self.statusClasses {
        let count = requests.value(label.index * Self.statusClasses + statusClass)
        guard count > 0 else { continue }
        lines.append(
          PrometheusLine(
            "facet_requests_total", .counter, "Graph requests answered.", Int64(count),
            labels: [("route", label.text), ("status", "\(statusClass)xx")]))
      }
    }
    return PrometheusLine.text(lines + further) + histogramText
  }

  private var histogramText: String {
    var text = "# HELP facet_request_seconds Time from a whole request to its answer.\n"
    text += "# TYPE facet_request_seconds histogram\n"
    var sum = 0
    for (index, edge) in Self.bucketEdges.enumerated() {
      sum += buckets.value(index)
      text += "facet_request_seconds_bucket{le=\"\(Double(edge) / 1e6)\"} \(sum)\n"
    }
    sum += buckets.value(Self.bucketEdges.count)
    text += "facet_request_seconds_bucket{le=\"+Inf\"} \(sum)\n"
    text +=
      "facet_request_seconds_sum \(Double(durationMicroseconds.value) / 1e6)\nfacet_request_seconds_count \(sum)\n"
    return text
  }
}

/// One sample of a metric in the Prometheus text format.
public struct PrometheusLine: Sendable {
  /// The type of a metric.
  public enum Kind: String, Sendable {
    case counter, gauge
  }

  let name: String
  let kind: Kind
  let help: String
  let value: Int64
  /// Names and values of the labels.
  let labels: [(String, String)]

  /// A sample. `labels` must not contain personal data.
  public init(_ name: String, _ kind: Kind, _ help: String, _ value: Int64, labels: [(String, String)] = []) {
    self.name = name
    self.kind = kind
    self.help = help
    self.value = value
    self.labels = labels
  }

  /// The samples as text, with the `HELP` and `TYPE` lines that the format demands once for each name.
  static func text(_ lines: [PrometheusLine]) -> String {
    var text = ""
    var described: Set<String> = []
    for line in lines {
      if described.insert(line.name).inserted {
        text += "# HELP \(line.name) \(line.help)\n# TYPE \(line.name) \(line.kind.rawValue)\n"
      }
      let labels = line.labels.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
      text += "\(line.name)\(labels.isEmpty ? "" : "{\(labels)}") \(line.value)\n"
    }
    return text
  }
}

/// An array of counters that threads increment without waiting for each other.
private final class Counters: Sendable {
  private let storage: [Counter]

  init(count: Int) { storage = (0..<count).map { _ in Counter() } }

  func increment(_ index: Int) { storage[index].count.wrappingAdd(1, ordering: .relaxed) }
  func value(_ index: Int) -> Int { storage[index].count.load(ordering: .relaxed) }

  private final class Counter: Sendable {
    let count = Atomic<Int>(0)
  }
}

extension Atomic where Value == Int {
  fileprivate var value: Int { load(ordering: .relaxed) }
}
