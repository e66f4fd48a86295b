"""Runs commands of python-openstackclient in one process and prints what each came to, a line of JSON each."""
import contextlib
import io
import json
import sys

from openstackclient.shell import OpenStackShell

for arguments in json.loads(sys.argv[1]):
    output, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        try:
            status = OpenStackShell().run(arguments)
        except SystemExit as end:
            status = end.code
    outcome = {
        "command": " ".join(arguments),
        "status": status or 0,
        "output": output.getvalue(),
        "error": error.getvalue()[-500:],
    }
    print(json.dumps(outcome), flush=True)
