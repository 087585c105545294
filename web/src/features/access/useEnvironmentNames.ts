// The names of environments, to be suggested.
import { useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../../api/environments';

export function useEnvironmentNames(): string[] {
  const { data } = useQuery(environmentsQuery);
  return data?.map((one) => one.name) ?? [];
}
