/// Why a query is refused. Offsets are bytes of the decoded value.
public enum QueryError: Error, Equatable, Sendable {
  /// A percent-encoding is broken, or what it encodes is not UTF-8 without NUL (RFC 3986 section 2.1).
  case malformedEncoding
  /// The resource does not support this system query option.
  case notOffered(String)
  /// OData has no system query option with this name.
  case unknown(String)
  /// The option is given twice (OData URL Conventions 4.01 section 5.1 allows each once).
  case duplicate(String)
  /// The value of `option` breaks the grammar at `position`. `reason` begins with a verb.
  case syntax(option: String, position: Int, reason: String)
  /// The value of `option` names something that the type does not have.
  case unknownName(option: String, name: String, position: Int)
  /// The value of `option` uses a part of OData that this server does not support.
  case notImplemented(option: String, name: String, position: Int)
  /// The value of `option` compares or sorts by a property that is only answered.
  case notComparable(option: String, name: String, position: Int)
  /// A part of an expression that depends on no property has no value.
  case evaluation(EvaluationError)

  /// The message for the client: what is wrong, and how to remedy it.
  public var message: String {
    switch self {
    case .malformedEncoding:
      "A name or a value in the query could not be read: behind each % stand two hexadecimal digits, and what is encoded "
        + "is UTF-8 without the character NUL. Encode each name and value once."
    case .notOffered(let name): "The query option '\(name)' is not offered on this resource. Leave it out."
    case .unknown(let name): "There is no query option '\(name)'. Options with a dollar sign are those of OData."
    case .duplicate(let name): "The query option '\(name)' stands twice. Send it once."
    case .syntax(let option, let position, let reason):
      "The value of '\(option)' \(reason), at position \(position). Write it as OData URL Conventions demand."
    case .unknownName(let option, let name, let position):
      "'\(option)' names '\(name)' at position \(position), which this resource does not have. Correct or remove it."
    case .notImplemented(let option, let name, let position):
      "'\(option)' uses '\(name)' at position \(position), which this server does not offer. Write it without."
    case .notComparable(let option, let name, let position):
      "'\(option)' names '\(name)' at position \(position), which is answered with $select of one entity and cannot be "
        + "compared or sorted by. Leave it out."
    case .evaluation(let error): error.message
    }
  }
}
