/// Why a query is refused.
public enum QueryError: Error, Equatable, Sendable {
  case malformedEncoding
  /// A system query option that this resource does not offer.
  case notOffered(String)
  /// An option with a dollar sign that OData does not know.
  case unknown(String)
  /// An option that stands twice.
  case duplicate(String)
  /// An option's value is not written as OData demands; `position` counts bytes of the decoded value.
  case syntax(option: String, position: Int, reason: String)
  /// An option names something that the type does not have.
  case unknownName(option: String, name: String, position: Int)
  /// OData knows it, this server does not offer it.
  case notImplemented(option: String, name: String, position: Int)
  /// A part of an expression that holds no property cannot be computed.
  case evaluation(EvaluationError)

  /// A sentence for people.
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
    case .evaluation(let error): error.message
    }
  }
}
