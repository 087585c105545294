// features/search 页面的文字。
import type * as en from '../en/search';

export const search: typeof en.search = {
  title: '搜索',
  lead: '在您可读取的全部键和内容中搜索。',
  query: '文本',
  placeholder: 'pool_size、orders/db、example.com …',
  where: '范围',
  places: { all: '键和内容', keys: '键', contents: '内容' },
  anyEnvironment: '任意环境',
  anyNamespace: '任意命名空间',
  found: (count, more) => {
    if (count === 0) return '没有结果';
    return more ? `前 ${count} 个配置` : `${count} 个配置`;
  },
  searching: '正在搜索…',
  incomplete: '时间已用完，尚未查完全部内容。',
  goOn: '继续',
  matches: (count) => (count >= 1000 ? '1000 处或更多' : `${count} 处`),
  sealed: '密文：只搜索其键',
  cut: '…',
  line: (line) => `第 ${line} 行`,
  startTitle: '您要找什么？',
  startHint: '键、值或整行的一部分，不区分大小写。带斜杠时可以从命名空间开始：orders/db。',
  noneTitle: (text) => `没有包含“${text}”的内容`,
  noneHint: '请试试更短的部分。密文不会被搜索，并且只能找到您可以读取的内容。',
  everywhere: '在全部范围内搜索',
  too_long: '最多 200 个字符。',
};
