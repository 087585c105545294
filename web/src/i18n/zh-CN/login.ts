// features/login 页面的文字。
import type * as en from '../en/login';

export const login: typeof en.login = {
  title: '登录',
  submit: '登录',
  password: '密码',
  with: (provider) => `使用 ${provider} 登录`,
  or: '或使用密码',
  renew: '这是一次性密码，请设置自己的密码。',
  newPassword: '新密码',
  again: '再次输入新密码',
  rule: '12 到 128 个字符，且不易猜测：其中至少 8 个字符不属于用户名、常用词、键盘排列或重复。',
  different: '两次输入的新密码不一致。',
  missing: '请输入用户名和密码。',
  terminal: {
    title: '登录终端',
    incomplete: '此地址不完整。请重新运行 pintle login。',
    ask: (command) => `仅当您刚刚亲自运行了 ${command} 时才继续。如果这个地址是别人发给您的，请关闭此页面。`,
    asks: '有终端请求以您的全部权限操作，身份为',
    allow: '允许终端登录',
    copy: '请将此代码复制到刚刚运行 pintle login 的终端中。一分钟内有效。',
    nobody: '不要交给任何人：向您索要代码的人是想冒用您的身份。',
    done: '终端正在登录。可以关闭此页面。',
  },
};
