"""Which conda packages the Python index has under another name, and which it does not have.

A package that no table names is taken to have the same name on the index. The tables list what
projects name in practice; a package of a name that means something else on the index (`redis` is
a server to conda, and a client there) belongs into one of them.
"""

from __future__ import annotations

import re

RENAMED = {
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "geopandas-base": "geopandas",
    "ignite": "pytorch-ignite",
    "keras-base": "keras",
    "keras-gpu": "keras",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "psycopg2": "psycopg2-binary",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyarrow-core": "pyarrow",
    "pymc-base": "pymc",
    "pyqt": "PyQt5",
    "pysoundfile": "soundfile",
    "pytables": "tables",
    "python-chromedriver-binary": "chromedriver-binary",
    "python-graphviz": "graphviz",
    "python-kaleido": "kaleido",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "redis-py": "redis",
    "ruamel_yaml": "ruamel.yaml",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchtriton": "triton",
}
"""Name in conda to name on the index, for the same code."""

INSTALLERS = ("pip", "setuptools", "wheel")
"""What conda gives every Python; on the index under the same names, and installed first."""

_LIBRARIES = """
    _libgcc_mutex _openmp_mutex libgcc libgcc-ng libstdcxx libstdcxx-ng libgomp libgfortran
    libgfortran-ng libgfortran4 libgfortran5 libquadmath libcxx libcxxabi llvm-openmp
    intel-openmp libllvm14 libllvm15 libclang libclang13
    bzip2 ca-certificates openssl ncurses readline sqlite libsqlite tk xz liblzma zlib libzlib
    zstd lz4-c libffi libuuid libnsl libxcrypt libedit libev libevent expat libexpat tzdata
    python_abi cpython
    libpng jpeg libjpeg-turbo libtiff lerc libdeflate libwebp libwebp-base giflib freetype
    libfreetype libfreetype6 lcms2 openjpeg fontconfig harfbuzz cairo pixman glib libglib icu pcre
    pcre2 gettext libiconv libxml2 libxslt libxcb libxkbcommon pthread-stubs dbus gstreamer
    gst-plugins-base qt qt-main qt-webengine libopencv libsndfile
    krb5 libcurl libssh2 libnghttp2 nghttp2 c-ares libprotobuf libgrpc grpc-cpp libabseil
    abseil-cpp re2 libre2-11 snappy gflags glog thrift-cpp libthrift orc boost-cpp libboost
    libbrotlicommon libbrotlidec libbrotlienc utf8proc libutf8proc s2n arrow-cpp libarrow
    libparquet aws-sdk-cpp aws-crt-cpp yaml libyaml libsodium zeromq libpq hdf5 libaec libnetcdf
    geos proj libspatialindex gmp mpfr mpc tbb libxgboost _py-xgboost-mutex libtool attr nss nspr
    alsa-lib jack lame graphite2 keyutils mpg123
"""
"""Libraries that compiled packages of conda share; wheels bring their own, or need none."""

_MATHEMATICS = """
    blas libblas libcblas liblapack liblapacke blas-devel mkl mkl-include mkl-service mkl_fft
    mkl_random nomkl openblas libopenblas numpy-base
"""
"""They tell conda's builds of numpy and others which library to use; wheels have theirs."""

_NVIDIA = """
    cudatoolkit cudnn nccl cuda-version cuda-runtime cuda-libraries cuda-cudart cuda-nvrtc
    cuda-nvtx cuda-cupti cuda-opencl libcublas libcufft libcufile libcurand libcusolver
    libcusparse libnpp libnvjpeg pytorch-cuda pytorch-mutex cpuonly _tflow_select
"""
"""NVIDIA's libraries, and the switches for builds that use them; wheels bring or find them."""

CARRIED = frozenset([*_LIBRARIES.split(), *_MATHEMATICS.split(), *_NVIDIA.split()])
"""Packages that hold nothing that a Python program names; they are left out."""

CARRIED_PATTERN = re.compile(r"ld_impl_.*|xorg-.*|aws-c-.*|lib(?:aws|google-cloud|arrow)-.*")

BINARY_BUILD = re.compile(r"(?!h(?:d8ed1ab|d3eb1b0)_)h[0-9a-f]{7}_\w+|\d+")
"""A build string of something that no Python is needed for, as exports have them.

That of a Python package says so (`py310h06a4308_0`, `pyhd8ed1ab_0`), and the two hashes are those
of packages that consist of other packages alone.
"""

_ABSENT = {
    "a program, which the index does not have": """
        bash bwa chromium coreutils curl exiftool ffmpeg file firefox gawk geckodriver ghostscript
        git git-lfs gnuplot graphviz htop imagemagick jq openssh p7zip pandoc parallel poppler
        rsync samtools sed sox tar tesseract tmux tree unzip vim wget zsh
    """,
    "a server, which the index does not have": """
        memcached mongodb mysql postgresql rabbitmq-server redis redis-server
    """,
    "not a Python package": """
        go java-jdk julia lua maven nodejs npm openjdk perl php pypy r r-base r-essentials ruby
        rust scala texlive-core yarn
    """,
    "compilers and build tools are no Python packages": """
        autoconf automake binutils bison c-compiler clang clangxx compilers cuda cuda-nvcc
        cuda-toolkit cudatoolkit-dev cxx-compiler flex fortran-compiler gcc gfortran gxx m4
        make nvcc pkg-config
    """,
    "it needs libraries that the index does not have": "gdal libgdal openslide portaudio",
    "it belongs to conda itself": """
        anaconda anaconda-client conda conda-build mamba menuinst nb_conda nb_conda_kernels
    """,
    "the index has it under names that depend on the version of CUDA": """
        blazingsql cudf cugraph cuml cupy dask-cudf rapids rapids-blazing
    """,
}
ABSENT = {name: reason for reason, names in _ABSENT.items() for name in names.split()}
"""Packages that the index has not, or of that name something else; with the reason."""

ABSENT_PATTERNS = (
    (re.compile(r"r-.*|perl-.*|bioconductor-.*|rb-.*"), "not a Python package"),
    (re.compile(r"(?:gcc|gxx|gfortran|clang|clangxx|binutils|sysroot|nvcc|kernel-headers|rust)_.*"),
     "compilers and build tools are no Python packages"),
    (re.compile(r"m2w64-.*|m2-.*|msys2-.*"), "a program, which the index does not have"),
    (re.compile(r"__.*"), "a condition on the machine, which only conda's solver can check"),
    (re.compile(r"spacy-model-.*"), "a language model, to be installed by its address"),
)  # fmt: skip
