// A custom router as claude-code-router's README has it.
module.exports = async function router(req, config) {
  const message = req.body.messages.findLast((message) => message.role === 'user')?.content;
  const text = typeof message === 'string' ? message : JSON.stringify(message ?? '');
  if (text.includes('explain this code')) {
    return 'other,big';
  }
  if (text.includes('a number')) {
    return 42;
  }
  return null;
};
