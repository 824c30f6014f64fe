package main

const long = "flbeam"
const example = ""
