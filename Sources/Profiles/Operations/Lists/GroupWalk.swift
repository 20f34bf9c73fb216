import OData

/// Follows the links among groups level by level: upwards to the groups that a group is a member of, or downwards to those
/// that are its members.
///
/// It reads a few groups at a time and lets other work of the session's thread come between. A walk that finds more than
/// it may ends with `tooManyResults`.
final class GroupWalk {
  /// Where the links lead.
  enum Direction {
    case up, down

    fileprivate func next(_ links: GroupLinks) -> [GroupID] {
      switch self {
      case .up: links.parents
      case .down: links.groups
      }
    }
  }

  private let context: SessionContext
  private let direction: Direction
  private let countMax: Int
  private let then: Completion<[GroupID]>
  private var found: Set<GroupID> = []
  private var waiting: [GroupID] = []

  private init(
    _ context: SessionContext, _ direction: Direction, _ countMax: Int, _ then: @escaping Completion<[GroupID]>
  ) {
    self.context = context
    self.direction = direction
    self.countMax = countMax
    self.then = then
  }

  /// Gives `first` and every group that their links lead to, in the order of ids. Fails with `tooManyResults` when those
  /// are more than `countMax`.
  static func run(
    _ context: SessionContext, from first: [GroupID], _ direction: Direction,
    countMax: Int = Limits.transitiveGroupsMax, _ then: @escaping Completion<[GroupID]>
  ) {
    GroupWalk(context, direction, countMax, then).take(first)
  }

  private func take(_ groups: [GroupID]) {
    for group in groups where found.insert(group).inserted { waiting.append(group) }
    guard found.count <= countMax else { return then(.failure(.tooManyResults)) }
    guard !waiting.isEmpty else {
      return then(.success(found.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }))
    }
    let piece = Array(waiting.suffix(Limits.loopRowsMax))
    waiting.removeLast(piece.count)
    context.reader.links(of: piece) { [self] links in
      links.onSuccess(orFail: then) { links in
        let next = links.values.flatMap { direction.next($0.links) }
        // What nothing more follows need not wait for its turn.
        guard !waiting.isEmpty || !next.isEmpty else { return take([]) }
        context.afterOthers { [self] in take(next) }
      }
    }
  }
}

extension SessionContext {
  /// Runs `body` on the session's thread, behind the work that waits there already.
  func afterOthers(_ body: @escaping () -> Void) {
    let confined = ThreadConfined(value: body)
    resume { confined.value() }
  }
}
