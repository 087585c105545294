// The names of environments, to be suggested.
import { useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../../app/session';

export function useEnvironmentNames(): string[] {
  const { data } = useQuery(environmentsQuery);
  return data?.map((one) => one.name) ?? [];
}
