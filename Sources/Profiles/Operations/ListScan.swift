import OData

/// Reads a list piece by piece until its page is full. Small pieces come at once; the calls nest no deeper than they do.
///
/// Looking into entities begins on the session's thread. What is too much for it there goes on in the service's
/// `EvaluationQueue`, in slices that take turns with those of other callers, and ends within a slice when nobody waits
/// for it any more.
final class ListScan<Element: ListedEntity, Cursor> {
  /// What one read gives, and where the next begins; nil at the end.
  typealias Piece = (elements: [Element], next: Cursor?)
  /// Reads at most so many rows from a place on.
  typealias Read = (Cursor?, Int, @escaping (Result<Piece, ProfileError>) -> Void) -> Void

  private let session: ProfileSession
  private let caller: Caller
  private var filler: PageBuilder<Element>
  private let read: Read
  private let then: (Result<PageBuilder<Element>, ProfileError>) -> Void
  /// The caller's turn in the queue, once this scan has it.
  private var turn: EvaluationQueue.CallerKey?
  /// What is left of the time on the session's thread.
  private var clock = LoopBudget()

  init(
    _ session: ProfileSession, for caller: Caller, _ filler: PageBuilder<Element>, read: @escaping Read,
    _ then: @escaping (Result<PageBuilder<Element>, ProfileError>) -> Void
  ) {
    self.session = session
    self.caller = caller
    self.filler = filler
    self.read = read
    self.then = then
  }

  /// Starts after `cursor`; the first piece has at most `rows` rows. A scan that is `heavy` from the start waits for the
  /// caller's turn before it reads anything.
  func run(after cursor: Cursor?, rows: Int, heavy: Bool = false) {
    guard heavy, turn == nil else { return readPiece(after: cursor, rows: rows) }
    awaitTurn { [self] in readPiece(after: cursor, rows: rows) }
  }

  private func readPiece(after cursor: Cursor?, rows: Int) {
    guard filler.query.cancellation?.isCancelled != true else { return finish(.abandoned) }
    read(cursor, rows) { [self] piece in
      switch piece {
      case .failure(let error): finish(error)
      case .success(let piece): take(piece.elements[...], next: piece.next)
      }
    }
  }

  /// Takes a piece, here as long as there is time for it.
  private func take(_ elements: ArraySlice<Element>, next: Cursor?) {
    var rest = elements
    do throws(ProfileError) {
      while let element = rest.first, !filler.isFull {
        if filler.query.looksInside {
          guard turn == nil, clock.permits(element, filler.query) else { return takeInTurns(rest, next: next) }
        }
        try filler.take(element)
        rest.removeFirst()
      }
    } catch {
      return finish(error)
    }
    goOn(after: next)
  }

  private func goOn(after next: Cursor?) {
    guard let next, !filler.isFull else { return finish(nil) }
    readPiece(after: next, rows: Limits.pieceRowsMax)
  }

  private func finish(_ error: ProfileError?) {
    if let turn { session.evaluations.end(turn) }
    turn = nil
    then(error.map { .failure($0) } ?? .success(filler))
  }

  // MARK: Off the session's thread

  private func takeInTurns(_ elements: ArraySlice<Element>, next: Cursor?) {
    guard turn != nil else { return awaitTurn { [self] in takeInTurns(elements, next: next) } }
    let evaluation = PieceEvaluation(filler, elements)
    let back = ThreadConfined { [self] in
      filler = evaluation.filler
      if let failure = evaluation.failure { finish(failure) } else { goOn(after: next) }
    }
    let resume = session.resume
    session.evaluations.run {
      guard evaluation.runSlice() else { return false }
      resume { back.value() }
      return true
    }
  }

  /// Goes on when it is the caller's turn.
  private func awaitTurn(_ body: @escaping () -> Void) {
    let callerKey = EvaluationQueue.CallerKey(caller)
    let start = ThreadConfined { [self] in
      turn = callerKey
      guard filler.query.cancellation?.isCancelled != true else { return finish(.abandoned) }
      body()
    }
    let resume = session.resume
    guard session.evaluations.begin(callerKey, { resume { start.value() } }) else { return finish(.evaluationsTooMany) }
  }
}

/// The time that one list may take of the session's thread for looking into entities.
private struct LoopBudget {
  private var end: ContinuousClock.Instant?

  /// Whether there is time to look into one more entity. One that is much work by itself is never begun.
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

/// A piece of a list that is looked into away from the session's thread.
///
/// Safety: the session's thread hands it over whole and takes it back when it is done; slices never overlap, and the
/// queue's lock lies between one and the next.
private final class PieceEvaluation<Element: ListedEntity>: @unchecked Sendable {
  private(set) var filler: PageBuilder<Element>
  private(set) var failure: ProfileError?
  private var rest: ArraySlice<Element>

  init(_ filler: PageBuilder<Element>, _ elements: ArraySlice<Element>) {
    self.filler = filler
    rest = elements
  }

  /// Looks into some of the entities; true when nothing is left to do.
  func runSlice() -> Bool {
    let end = ContinuousClock.now + .microseconds(Limits.evaluationSliceMicroseconds)
    do throws(ProfileError) {
      while let element = rest.first, !filler.isFull {
        guard filler.query.cancellation?.isCancelled != true else { throw .abandoned }
        try filler.take(element)
        rest.removeFirst()
        if ContinuousClock.now >= end { return rest.isEmpty || filler.isFull }
      }
    } catch {
      failure = error
    }
    return true
  }
}
