"""Which packages a folder's modules import that must be installed, by their index's name."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import PurePosixPath

from mlrun.scaffold.python_modules import Module

_DISTRIBUTIONS = {
    "absl": "absl-py",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cairosvg": "CairoSVG",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "hydra": "hydra-core",
    "imblearn": "imbalanced-learn",
    "jwt": "PyJWT",
    "lightning_fabric": "lightning-fabric",
    "magic": "python-magic",
    "mpl_toolkits": "matplotlib",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "psycopg2": "psycopg2-binary",
    "pydantic_settings": "pydantic-settings",
    "pytorch_lightning": "pytorch-lightning",
    "sentence_transformers": "sentence-transformers",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "skopt": "scikit-optimize",
    "slugify": "python-slugify",
    "tensorboardX": "tensorboardX",
    "umap": "umap-learn",
    "usb": "pyusb",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
_NOT_OF_THE_INDEX = frozenset({"__main__", "google", "azure", "_typeshed", "pkg_resources"})
_ADDED = frozenset({"tomllib", "zoneinfo", "graphlib", "_typeshed"})
_REMOVED = frozenset({"asynchat", "asyncore", "distutils", "imp", "cgi", "telnetlib", "pipes"})


def imported_distributions(modules: Iterable[Module]) -> tuple[str, ...]:
    """Return the packages that modules import from elsewhere, sorted.

    Args:
        modules: All of the folder: what is one of them is not elsewhere.
    """
    read = tuple(modules)
    own = {name for module in read for name in _own_names(module.path)}
    names = {name.split(".")[0] for module in read for name in module.imports}
    known = sys.stdlib_module_names | _ADDED | _REMOVED | _NOT_OF_THE_INDEX | own | {""}
    found = (_DISTRIBUTIONS.get(name, name) for name in sorted(names - known))
    return tuple(sorted({_plain(name): name for name in found}.values(), key=str.lower))


def _plain(name: str) -> str:
    """Return what the names of one package have in common, as an index sees them."""
    return name.lower().replace("_", "-").replace(".", "-")


def _own_names(path: PurePosixPath) -> tuple[str, ...]:
    return (*path.parts[:-1], path.stem)
