// Tests speak English.
import { load } from './i18n';

await load('en');
