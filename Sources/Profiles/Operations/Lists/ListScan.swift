import OData

/// Reads a list in pieces until its page is full.
///
/// Evaluation of the query begins on the session's thread. What is too much work for that thread continues in the
/// service's `EvaluationQueue`, in slices that take turns with those of other callers, and ends within a slice when
/// nobody waits for it any more.
final class ListScan<Element: ListedEntity, Cursor> {
  /// The result of one read, and where the next one begins; nil at the end of the list.
  typealias Piece = (elements: [Element], next: Cursor?)
  /// Reads at most that many rows after a position.
  typealias Read = (Cursor?, Int, @escaping Completion<Piece>) -> Void

  private let context: SessionContext
  private let caller: Caller
  private var builder: PageBuilder<Element>
  private let read: Read
  private let then: Completion<PageBuilder<Element>>
  /// Most rows of each read but the first.
  private let nextRows: Int
  /// The caller's turn in the queue, once this scan has it.
  private var turn: EvaluationQueue.CallerKey?
  /// What is left of the list's time on the session's thread.
  private var budget = TimeBudget()

  init(
    _ context: SessionContext, for caller: Caller, _ builder: PageBuilder<Element>,
    nextRows: Int = Limits.pieceRowsMax, read: @escaping Read, _ then: @escaping Completion<PageBuilder<Element>>
  ) {
    self.nextRows = nextRows
    self.context = context
    self.caller = caller
    self.builder = builder
    self.read = read
    self.then = then
  }

  /// Starts after `cursor`; the first piece has at most `rows` rows. A `heavy` scan waits for the caller's turn in the
  /// queue before it reads anything.
  func run(after cursor: Cursor?, rows: Int, heavy: Bool = false) {
    guard heavy, turn == nil else { return readPiece(after: cursor, rows: rows) }
    awaitTurn { [self] in readPiece(after: cursor, rows: rows) }
  }

  private func readPiece(after cursor: Cursor?, rows: Int) {
    read(cursor, rows) { [self] piece in
      switch piece {
      case .failure(let error): finish(error)
      case .success(let piece): take(piece.elements[...], next: piece.next)
      }
    }
  }

  /// Takes a piece, on this thread as long as its time budget lasts.
  private func take(_ elements: ArraySlice<Element>, next: Cursor?) {
    guard builder.query.evaluatesEntities else {
      builder.takeUnevaluated(elements)
      return readOn(after: next)
    }
    do throws(ProfileError) {
      for index in elements.indices {
        guard !builder.isFull else { break }
        guard turn == nil, budget.permits(elements[index], builder.query) else {
          return takeInTurns(elements[index...], next: next)
        }
        try builder.take(elements[index])
      }
    } catch {
      return finish(error)
    }
    readOn(after: next)
  }

  private func readOn(after next: Cursor?) {
    guard let next, !builder.isFull else { return finish(nil) }
    // A client that has closed its side may still wait for its response, so only long evaluations end.
    let isCancelled = builder.query.evaluatesEntities && builder.query.cancellation?.isCancelled == true
    guard !isCancelled else { return finish(.cancelled) }
    readPiece(after: next, rows: nextRows)
  }

  private func finish(_ error: ProfileError?) {
    if let turn { context.evaluations.end(turn) }
    turn = nil
    then(error.map { .failure($0) } ?? .success(builder))
  }

  // MARK: Off the session's thread

  private func takeInTurns(_ elements: ArraySlice<Element>, next: Cursor?) {
    guard turn != nil else { return awaitTurn { [self] in takeInTurns(elements, next: next) } }
    let evaluation = PieceEvaluation(builder, elements)
    let back = ThreadConfined { [self] in
      builder = evaluation.builder
      if let failure = evaluation.failure { finish(failure) } else { readOn(after: next) }
    }
    let resume = context.resume
    context.evaluations.run {
      guard evaluation.runSlice() else { return false }
      resume { back.value() }
      return true
    }
  }

  /// Runs `body` when it is the caller's turn.
  private func awaitTurn(_ body: @escaping () -> Void) {
    let callerKey = EvaluationQueue.CallerKey(caller)
    let start = ThreadConfined { [self] in
      turn = callerKey
      guard builder.query.cancellation?.isCancelled != true else { return finish(.cancelled) }
      body()
    }
    let resume = context.resume
    guard context.evaluations.begin(callerKey, { resume { start.value() } }) else { return finish(.tooManyQueries) }
  }
}

/// The time that one list may spend on the session's thread to evaluate its query.
private struct TimeBudget {
  private var end: ContinuousClock.Instant?

  /// Whether there is time to evaluate one more entity. One that is too much work by itself is never begun.
  mutating func permits<Element: ListedEntity>(_ element: Element, _ query: ListQuery) -> Bool {
    guard query.weight * element.json.count <= Limits.loopWorkMax else { return false }
    let now = ContinuousClock.now
    guard let end else {
      self.end = now + .microseconds(Limits.evaluationSliceMicroseconds)
      return true
    }
    return now < end
  }
}

/// A piece of a list that is evaluated away from the session's thread.
///
/// Safety: the session's thread hands it over whole and takes it back when it is done; slices never overlap, and the
/// queue's lock lies between one slice and the next.
private final class PieceEvaluation<Element: ListedEntity>: @unchecked Sendable {
  private(set) var builder: PageBuilder<Element>
  private(set) var failure: ProfileError?
  private var rest: ArraySlice<Element>

  init(_ builder: PageBuilder<Element>, _ elements: ArraySlice<Element>) {
    self.builder = builder
    rest = elements
  }

  /// Evaluates some of the entities; true when nothing is left to do.
  func runSlice() -> Bool {
    let end = ContinuousClock.now + .microseconds(Limits.evaluationSliceMicroseconds)
    do throws(ProfileError) {
      while let element = rest.first, !builder.isFull {
        guard builder.query.cancellation?.isCancelled != true else { throw .cancelled }
        try builder.take(element)
        rest.removeFirst()
        if ContinuousClock.now >= end { return rest.isEmpty || builder.isFull }
      }
    } catch {
      failure = error
    }
    return true
  }
}
