"""
The contract, for machines and for people: `/v1/openapi.json` and `/docs`.

```text
routes.py      what is said of each route: the table to change when a route changes
bodies.py      the shapes of what requests hold
fields.py      what each field means
examples.py    an example of each body and answer
refusals.py    what a request can be refused for
document.py    all of these as one OpenAPI document
page.py        the document as a page to read
serving.py     the two resources
```
"""

from rollbook.api.contract.serving import Contract, Docs

__all__ = ["Contract", "Docs"]
