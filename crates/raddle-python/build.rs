//! Makes the cfgs of the interpreter known: `Py_3_13`, `Py_GIL_DISABLED`.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
