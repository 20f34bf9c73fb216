/// The bounds of Facet, each with a test at its edge. This file names those that OData enforces; every other target extends the type
/// in a `Limits.swift` of its own.
///
/// Names end in their unit. A request that exceeds a bound is answered with a 4xx and changes nothing.
public enum Limits {
  // MARK: A body

  /// Deepest nesting of arrays and objects in a JSON body.
  public static let jsonDepthMax = 64
  /// Longest string property, in bytes of UTF-8.
  public static let stringBytesMax = 64 << 10
  /// Most elements of a collection property.
  public static let collectionElementsMax = 1_000
  /// Most members that an open type may hold besides its declared ones.
  public static let dynamicMembersMax = 16

  // MARK: A query

  /// Deepest nesting of an expression.
  public static let expressionDepthMax = 100
  /// Most parts of one expression, after parameter aliases are replaced by their values.
  public static let expressionNodesMax = 800
  /// Most bytes that the functions of an expression read for one entity; for a pattern, times its steps.
  public static let expressionWorkMax = 4 << 20
  /// Most steps of a pattern, with repetitions written out.
  public static let patternStepsMax = 200
  /// Most parameter aliases of one query.
  public static let aliasesMax = 16
  /// Most words and phrases of one search.
  public static let searchTermsMax = 64
  /// Most keys to order by.
  public static let orderKeysMax = 8
  /// Length of the beginning by which texts are ordered, in bytes.
  public static let orderTextBytesMax = 128
  /// Largest number of entities that a query can skip or ask for; a larger number counts as this one.
  public static let skipMax = 1_000_000_000

  // MARK: A batch

  /// Most requests of one batch unless `--batch-size` says otherwise; Graph's own limit. ProfileServer enforces it;
  /// the OpenAPI document states it.
  public static let batchRequestsDefault = 20
}
