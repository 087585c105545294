// What went wrong, as the server says it: a stable code, the fields, and for a denial what is missing and who can help.
import type { Problem } from './schema';

/** `unreachable` and `foreign` are ours: no answer at all, and an answer that is not the server's own. */
type ProblemCode = Problem['code'] | 'unreachable' | 'foreign';

export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly problem: Partial<Problem>;
  /** Seconds after which to come back. */
  readonly retryAfter: number | null;

  private constructor(
    code: ProblemCode,
    status: number,
    problem: Partial<Problem>,
    retryAfter: number | null,
  ) {
    super(problem.detail ?? problem.title ?? code);
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  static of(response: Response, body: unknown): ProblemError {
    const after = Number(response.headers.get('retry-after'));
    const retry = Number.isFinite(after) && after > 0 ? after : null;
    if (typeof body === 'object' && body !== null && 'code' in body) {
      const problem = body as Problem;
      return new ProblemError(problem.code, response.status, problem, retry);
    }
    return new ProblemError('foreign', response.status, {}, retry);
  }

  static unreachable(): ProblemError {
    return new ProblemError('unreachable', 0, {}, null);
  }

  /** Whether trying again by itself makes sense. */
  get passing(): boolean {
    return this.code === 'unreachable' || this.status >= 500;
  }
}

/** The code of an error, or nothing when it is none of the server's. */
export function codeOf(error: unknown): ProblemCode | null {
  return error instanceof ProblemError ? error.code : null;
}
