// The query cache. What passes is tried again; what the server refused is not.
import { QueryClient } from '@tanstack/react-query';
import { ProblemError } from '../api/problem';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => error instanceof ProblemError && error.passing && count < 3,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
    },
  },
});
